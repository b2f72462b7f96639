"""Documents that have been parsed, bounded and validated; those without values are kept."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    parse,
    specified_rules,
)
from graphql.validation import recommended_rules
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from app.resolvers.engine.limits import Limits, refusal, too_much
from app.resolvers.engine.measure import Measure, Weight, variables_of
from app.resolvers.engine.memo import Fields, Memo
from app.resolvers.engine.scan import Scan, scan
from app.resolvers.engine.validation import validate

# The kept documents' texts together, in characters; a parsed one is some 200 times its text.
KEPT_CHARACTERS = 256 * 1024
MOST_ERRORS = 5
# What Strawberry's own executor checks besides.
STRAWBERRY_RULES = (MaybeNullValidationRule, OneOfInputValidationRule)


class Refused(Exception):
    """Nothing of the request was executed."""

    def __init__(self, *errors: GraphQLError, document: DocumentNode | None = None) -> None:
        super().__init__("refused")
        self.errors = errors
        self.document = document


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of a document. `cost` is None when it depends on the variables."""

    document: DocumentNode
    node: OperationDefinitionNode
    kind: str
    name: str | None
    cost: int | None
    memo: Memo


@dataclass(frozen=True, slots=True)
class Document:
    """A document that may be executed, but for the cost of its operations."""

    operations: tuple[Operation, ...]


class Documents:
    """Checks documents against one schema.

    A document is kept only if it holds no texts, no comments, and no numbers outside of queries:
    what may be a secret is never kept (docs/decisions/0036).
    """

    def __init__(
        self, schema: GraphQLSchema, limits: Limits, *, introspection: bool, suggestions: bool
    ) -> None:
        self._schema = schema
        self._limits = limits
        self._hides_suggestions = not suggestions
        self._rules = [*specified_rules, *recommended_rules, *STRAWBERRY_RULES]
        if not introspection:
            self._rules.append(NoSchemaIntrospectionCustomRule)
        self._kept: OrderedDict[str, Document] = OrderedDict()
        self._kept_characters = 0

    def get(self, text: str) -> Document:
        """The document, checked now or lately.

        Raises:
            Refused: It is no document, asks for too much, or does not fit the schema.
        """
        kept = self._kept.get(text)
        if kept is not None:
            self._kept.move_to_end(text)
            return kept
        seen = self._scan(text)
        document = self._check(text)
        if not seen.has_texts and not (seen.has_numbers and _has_effects(document)):
            self._keep(text, document)
        return document

    def check_cost(self, operation: Operation, variables: Mapping[str, object]) -> None:
        """Refuse an operation whose answer could be too large.

        Raises:
            Refused: QUERY_TOO_COMPLEX.
        """
        cost = operation.cost
        if cost is None:
            measure = self._measure(operation.document, variables_of(operation.node, variables))
            cost = measure.operation(operation.node).cost
        if cost > self._limits.cost:
            raise Refused(
                too_much(
                    "The answer could have {} fields", cost, self._limits.cost,
                    setting="GRAPHQL_MAX_COST",
                    hint="Ask for smaller pages: the page sizes multiply what is below them.",
                )
            )  # fmt: skip

    def _scan(self, text: str) -> Scan:
        limits = self._limits
        if len(text) > limits.characters:
            raise Refused(
                too_much(
                    "The document has {} characters", len(text), limits.characters,
                    setting="", hint="Put long values into variables.",
                )
            )  # fmt: skip
        seen = scan(text)
        self._refuse_beyond(
            "The document has {} tokens", seen.tokens, limits.tokens, "GRAPHQL_MAX_TOKENS"
        )
        if seen.is_too_large:
            raise Refused(
                refusal(
                    "The document has a number that is too large.",
                    hint="Send numbers of up to 1.7e308, and longer ones as strings.",
                )
            )
        return seen

    def _check(self, text: str) -> Document:
        try:
            node = parse(text)
        except GraphQLSyntaxError as error:
            raise Refused(error) from None
        measure = self._measure(node, {})
        operations = tuple(d for d in node.definitions if isinstance(d, OperationDefinitionNode))
        self._refuse_beyond(
            "The document has {} operations", len(operations), self._limits.operations, ""
        )
        fragments = len(node.definitions) - len(operations)
        self._refuse_beyond("The document has {} fragments", fragments, self._limits.fragments, "")
        costs: list[int | None] = []
        directives = 0
        # Before validation, which takes long for what is refused here.
        for operation in operations:
            weight = self._weigh(measure, operation)
            directives += weight.directives + len(operation.directives or ())
            costs.append(None if measure.has_page_variables else weight.cost)
        errors = validate(
            self._schema, node, self._rules, MOST_ERRORS, hide_suggestions=self._hides_suggestions
        )
        if errors:
            raise Refused(*errors, document=node)
        return Document(
            tuple(
                _operation(node, operation, cost, varies=directives > 0)
                for operation, cost in zip(operations, costs, strict=True)
            )
        )

    def _measure(self, node: DocumentNode, variables: Mapping[str, object]) -> Measure:
        return Measure(self._schema, node, variables, self._limits.page_arguments)

    def _weigh(self, measure: Measure, operation: OperationDefinitionNode) -> Weight:
        limits = self._limits
        try:
            weight = measure.operation(operation)
        except GraphQLError as error:
            raise Refused(error) from None
        directives = weight.directives + len(operation.directives or ())
        for what, found, limit, setting in (
            ("Fields are nested {} levels deep", weight.depth, limits.depth, "GRAPHQL_MAX_DEPTH"),
            (
                "The operation has {} fields that are aliased or asked for again",
                weight.aliases, limits.aliases, "GRAPHQL_MAX_ALIASES",
            ),
            ("The operation has {} directives", directives, limits.directives, ""),
        ):  # fmt: skip
            self._refuse_beyond(what, found, limit, setting)
        return weight

    def _refuse_beyond(self, what: str, found: int, limit: int, setting: str) -> None:
        if found > limit:
            hint = "Ask for less at once."
            raise Refused(too_much(what, found, limit, setting=setting, hint=hint))

    def _keep(self, text: str, document: Document) -> None:
        self._kept[text] = document
        self._kept_characters += len(text)
        while self._kept_characters > KEPT_CHARACTERS:
            self._kept_characters -= len(self._kept.popitem(last=False)[0])


def _operation(
    document: DocumentNode, node: OperationDefinitionNode, cost: int | None, *, varies: bool
) -> Operation:
    """The operation; `varies` says that its variables choose among its fields."""
    name = None if node.name is None else node.name.value
    memo = Memo(None if varies else Fields())
    return Operation(document, node, node.operation.value, name, cost, memo)


def _has_effects(document: Document) -> bool:
    return any(o.node.operation is not OperationType.QUERY for o in document.operations)
