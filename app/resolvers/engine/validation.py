"""Validation by graphql-core's own rules, which are called for the nodes that they look at only.

The stock walk asks each of some thirty rules about each node, and compares nodes by all that is
in them. A test compares the errors of both for the same documents.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    BREAK,
    SKIP,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    Node,
    TypeInfo,
    ValidationContext,
    ValidationRule,
    Visitor,
)
from graphql.pyutils import RefMap
from graphql.validation.validate import (
    FragmentNestingVisitor,
    ValidationAbortedError,
    query_document_keys_to_validate,
)
from graphql.validation.validation_context import VariableUsageVisitor

Call = Callable[..., Any]
ABORTED = "Validation aborted."
TOO_MANY = f"Too many validation errors, error limit reached. {ABORTED}"
# Where a node has names, of which only few rules want to know.
NAMES = ("alias", "name")


@dataclass(frozen=True, slots=True)
class _Step:
    """What is called for nodes of one kind: of those visitors that have a method for it."""

    learn: Call | None
    enters: Sequence[tuple[int, Call]]
    leaves: Sequence[tuple[int, Call]]
    forget: Call | None
    keys: Sequence[str]

    @property
    def is_wanted(self) -> bool:
        return bool(self.learn or self.enters or self.leaves or self.forget)


def validate(
    schema: GraphQLSchema,
    document: DocumentNode,
    rules: Sequence[type[ValidationRule]],
    most_errors: int,
    *,
    hide_suggestions: bool,
) -> list[GraphQLError]:
    """What graphql-core's `validate` answers."""
    errors: list[GraphQLError] = []

    def on_error(error: GraphQLError) -> None:
        if len(errors) >= most_errors:
            raise ValidationAbortedError(TOO_MANY)
        errors.append(error)

    type_info = TypeInfo(schema)
    context = _Context(schema, document, type_info, on_error, hide_suggestions)
    visitors: list[Visitor] = [rule(context) for rule in rules]
    definitions = document.definitions
    fragments = {d.name.value: d for d in definitions if isinstance(d, FragmentDefinitionNode)}
    try:
        if fragments:
            visitors.insert(0, FragmentNestingVisitor(fragments))
        _Walk(type_info, visitors).walk(document, None)
    except ValidationAbortedError as error:
        error.__context__ = None
        errors.append(error.with_traceback(None))
    except RecursionError:
        errors.append(ValidationAbortedError(ABORTED))
    return errors


class _Context(ValidationContext):
    """graphql-core's, but nodes are known by identity: their hashes go through all below them."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._fragment_spreads: Any = RefMap()
        self._variable_usages: Any = RefMap()
        self._recursive_variable_usages: Any = RefMap()
        location = self.document.loc
        self._has_variables = location is None or "$" in location.source.body

    def get_variable_usages(self, node: Any) -> Any:
        """The variables used in one operation or fragment, found by the quick walk."""
        if not self._has_variables:
            return []
        usages = self._variable_usages.get(node)
        if usages is None:
            fragment = node if isinstance(node, FragmentDefinitionNode) else None
            visitor = VariableUsageVisitor(self._type_info, fragment)
            _Walk(self._type_info, [visitor]).walk(node, None)
            usages = self._variable_usages[node] = visitor.usages
        return usages


class _Walk:
    """One walk of visitors that edit nothing, and ask neither for the key nor for the path."""

    def __init__(self, type_info: TypeInfo, visitors: Sequence[Visitor]) -> None:
        self._type_info = type_info
        self._visitors = visitors
        self._steps: dict[str, _Step] = {}
        # For each visitor the node whose inside it does not want, or BREAK if it wants no more.
        self._skipping: list[object] = [None] * len(visitors)
        self._ancestors: list[object] = []
        self._has_names = self._step("name").is_wanted

    def walk(self, node: Node, parent: object) -> None:
        """Go through the node and all below it; `parent` is the node or tuple that it is in."""
        step = self._steps.get(node.kind) or self._step(node.kind)
        if step.learn is not None:
            step.learn(node)
        skipped = self._enter(step, node, parent) if step.enters else None
        self._walk_below(step.keys, node, parent)
        for number, leave in step.leaves:
            if self._skipping[number] is None:
                result = leave(node, None, parent, None, self._ancestors)
                if result is BREAK or result is True:
                    self._skipping[number] = BREAK
        for number in skipped or ():
            self._skipping[number] = None
        if step.forget is not None:
            step.forget()

    def _enter(self, step: "_Step", node: Node, parent: object) -> list[int] | None:
        """The visitors that do not want what is below the node."""
        skipping, ancestors = self._skipping, self._ancestors
        skipped: list[int] | None = None
        for number, enter in step.enters:
            if skipping[number] is None:
                result = enter(node, None, parent, None, ancestors)
                if result is SKIP or result is False:
                    skipping[number] = node
                    skipped = [*(skipped or ()), number]
                elif result is BREAK or result is True:
                    skipping[number] = BREAK
        return skipped

    def _walk_below(self, keys: Sequence[str], node: Node, parent: object) -> None:
        ancestors, walk = self._ancestors, self.walk
        depth = len(ancestors)
        if parent is not None:
            ancestors.append(parent)
        for key in keys:
            below = getattr(node, key, None)
            if isinstance(below, tuple):
                ancestors.append(node)
                for item in below:
                    walk(item, below)
                ancestors.pop()
            elif below is not None:
                walk(below, node)
        del ancestors[depth:]

    def _step(self, kind: str) -> "_Step":
        """What is done for nodes of that kind."""
        pairs = [visitor.get_enter_leave_for_kind(kind) for visitor in self._visitors]
        keys = query_document_keys_to_validate.get(kind, ())
        step = self._steps[kind] = _Step(
            learn=getattr(self._type_info, f"enter_{kind}", None),
            enters=[(i, pair.enter) for i, pair in enumerate(pairs) if pair.enter],
            leaves=[(i, pair.leave) for i, pair in enumerate(pairs) if pair.leave],
            forget=getattr(self._type_info, f"leave_{kind}", None),
            keys=keys if kind == "name" or self._has_names else [k for k in keys if k not in NAMES],
        )
        return step
