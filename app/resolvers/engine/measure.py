"""How much an operation asks for: depth, cost, aliases and directives in one memoised pass."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

from app.resolvers.engine.limits import PAGE_ARGUMENTS, too_much

# Beyond this a cost is not counted any more.
ENDLESS = 10**12
# How long a list without a page size is taken to be.
ASSUMED_LIST = 10
# Selections within selections, fragments included; keeps the pass within Python's stack.
DEEPEST = 100
LONGEST_NUMBER = 12


@dataclass(frozen=True, slots=True)
class Weight:
    """What a selection asks for. `depth` counts fields within fields."""

    cost: int = 0
    depth: int = 0
    aliases: int = 0
    directives: int = 0


@dataclass(slots=True)
class _Sum:
    """The fields of one selection set, those of its fragments included."""

    cost: int = 0
    depth: int = 0
    aliases: int = 0
    directives: int = 0
    seen: set[tuple[str, str]] = field(default_factory=set)
    entered: set[str] = field(default_factory=set)

    def add(self, weight: Weight, *, factor: int, depth: int) -> None:
        self.cost = min(ENDLESS, self.cost + 1 + factor * weight.cost)
        self.depth = max(self.depth, weight.depth + depth)
        self.aliases = min(ENDLESS, self.aliases + weight.aliases)
        self.directives = min(ENDLESS, self.directives + weight.directives)

    def weight(self) -> Weight:
        return Weight(self.cost, self.depth, self.aliases, self.directives)


class Measure:
    """One pass over one document. Each selection set is looked at once for each type it is on.

    `has_page_variables` says whether another set of variables may cost something else.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        variables: Mapping[str, object],
        page_arguments: tuple[str, ...] = PAGE_ARGUMENTS,
    ) -> None:
        self._schema = schema
        self._variables = variables
        self._page_arguments = page_arguments
        self._fragments = {
            d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)
        }
        self._known: dict[tuple[int, str], Weight] = {}
        self.has_page_variables = False

    def operation(self, operation: OperationDefinitionNode) -> Weight:
        """What the operation asks for.

        Raises:
            Refusal: QUERY_TOO_COMPLEX for one that is nested beyond measure.
        """
        root = self._schema.get_root_type(operation.operation)
        return self._weigh(operation.selection_set, root, 0)

    def _weigh(self, node: SelectionSetNode, parent: GraphQLNamedType | None, level: int) -> Weight:
        key = (id(node), "" if parent is None else parent.name)
        known = self._known.get(key)
        if known is None:
            self._known[key] = Weight()  # for a circle, which validation reports
            found = _Sum()
            self._walk(node, parent, level, found)
            known = self._known[key] = found.weight()
        return known

    def _walk(
        self, node: SelectionSetNode, parent: GraphQLNamedType | None, level: int, found: _Sum
    ) -> None:
        if level > DEEPEST:
            raise too_much(
                "The document is nested at least {} levels deep, fragments included",
                level, DEEPEST, setting="", hint="Ask for less at once.",
            )  # fmt: skip
        for selection in node.selections:
            found.directives += len(selection.directives or ())
            if isinstance(selection, FieldNode):
                self._add_field(selection, parent, level, found)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                inner = parent if condition is None else self._type(condition.name.value, parent)
                self._walk(selection.selection_set, inner, level + 1, found)
            else:
                self._enter(selection, parent, level, found)

    def _enter(
        self, spread: SelectionNode, parent: GraphQLNamedType | None, level: int, found: _Sum
    ) -> None:
        """Add a fragment's fields; a selection set has them once, however often it is spread."""
        name = spread.name.value if isinstance(spread, FragmentSpreadNode) else ""
        fragment = self._fragments.get(name)
        if fragment is not None and name not in found.entered:
            found.entered.add(name)
            inner = self._type(fragment.type_condition.name.value, parent)
            self._walk(fragment.selection_set, inner, level + 1, found)

    def _add_field(
        self, node: FieldNode, parent: GraphQLNamedType | None, level: int, found: _Sum
    ) -> None:
        name = node.name.value
        place = ("" if parent is None else parent.name, (node.alias or node.name).value)
        if name != "__typename" and (node.alias is not None or place in found.seen):
            found.aliases += 1
        found.seen.add(place)
        # Validation has a rule of its own for the depth of introspection.
        depth = 0 if parent is not None and parent.name.startswith("__") else 1
        if node.selection_set is None:
            found.add(Weight(), factor=1, depth=depth)
            return
        definition = self._field_of(parent, name)
        inner = None if definition is None else get_named_type(definition.type)
        weight = self._weigh(node.selection_set, inner, level + 1)
        factor = 1 if definition is None else self._factor(definition, node, parent)
        found.add(weight, factor=factor, depth=depth)

    def _field_of(self, parent: GraphQLNamedType | None, name: str) -> GraphQLField | None:
        if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType):
            return self._schema.get_field(parent, name)
        return None

    def _type(self, name: str, parent: GraphQLNamedType | None) -> GraphQLNamedType | None:
        """The type of a condition; where there is none of that name, that around it."""
        return self._schema.get_type(name) or parent

    def _factor(
        self, definition: GraphQLField, node: FieldNode, parent: GraphQLNamedType | None
    ) -> int:
        """How many objects the field has at most."""
        for name in self._page_arguments:
            if name in definition.args:
                given = next((a.value for a in node.arguments or () if a.name.value == name), None)
                return self._page(given, definition.args[name].default_value)
        is_list = is_list_type(get_nullable_type(definition.type))
        is_page = parent is not None and parent.name.endswith("Connection")
        return ASSUMED_LIST if is_list and not is_page else 1

    def _page(self, given: object, default: object) -> int:
        value: object = default
        if isinstance(given, VariableNode):
            self.has_page_variables = True
            value = self._variables.get(given.name.value, default)
        elif isinstance(given, IntValueNode):
            is_long = len(given.value) > LONGEST_NUMBER
            value = ENDLESS if is_long else int(given.value)
        if not isinstance(value, int):
            return ASSUMED_LIST
        return min(max(1, value), ENDLESS)


def variables_of(
    operation: OperationDefinitionNode, given: Mapping[str, object]
) -> dict[str, object]:
    """The given variables, and the defaults of those that are whole numbers."""
    defaults = {
        d.variable.name.value: int(d.default_value.value)
        for d in operation.variable_definitions or ()
        if isinstance(d.default_value, IntValueNode)
        and len(d.default_value.value) <= LONGEST_NUMBER
    }
    return {**defaults, **given}
