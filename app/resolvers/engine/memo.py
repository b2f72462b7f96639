"""What the runs of an operation have found out about it; it holds nothing of any request."""

from dataclasses import dataclass, field
from typing import Any

from graphql import FieldNode, GraphQLField, GraphQLObjectType, GraphQLSchema
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet

from app.resolvers.engine.quick_values import QuickArguments, QuickVariables
from app.resolvers.engine.short_way import Short, short_way_of

# The name in the answer, where the field is asked for, and its short way.
Step = tuple[str, FieldDetailsList, Short | None]


@dataclass(frozen=True, slots=True)
class Resolving:
    """All that resolving one field takes, but for the object that it belongs to.

    `details` is what this is found by; held, so that its id stays its own.
    """

    details: FieldDetailsList
    field: GraphQLField
    nodes: list[FieldNode]
    arguments: QuickArguments | None


@dataclass(slots=True)
class Fields:
    """Which fields are asked for, and their ways."""

    root: tuple[GraphQLObjectType, GroupedFieldSet] | None = None
    sub_fields: dict[Any, Any] = field(default_factory=dict)
    plans: dict[int, tuple[GroupedFieldSet, list[Step]]] = field(default_factory=dict)
    below: dict[tuple[GraphQLObjectType, int], list[Step]] = field(default_factory=dict)
    resolvings: dict[int, Resolving] = field(default_factory=dict)

    def make_plan(
        self, schema: GraphQLSchema, parent_type: GraphQLObjectType, fields: GroupedFieldSet
    ) -> list[Step]:
        """The fields with their short ways, for all objects of a list and all runs."""
        plan: list[Step] = []
        for response_name, details in fields.items():
            name = details[0].node.name.value
            kind = schema.get_field(parent_type, name)
            plan.append((response_name, details, _short_way(parent_type, name, kind)))
        self.plans[id(fields)] = (fields, plan)  # kept, so that its id stays its own
        return plan

    def make_resolving(
        self, schema: GraphQLSchema, parent_type: GraphQLObjectType, details: FieldDetailsList
    ) -> Resolving | None:
        """How to resolve a field in all runs; None if there is none of that name."""
        node = details[0].node
        kind = schema.get_field(parent_type, node.name.value)
        if kind is None:
            return None
        nodes = [detail.node for detail in details]
        made = Resolving(details, kind, nodes, QuickArguments.of(kind, node))
        self.resolvings[id(details)] = made
        return made


@dataclass(slots=True)
class Memo:
    """What is the same each time an operation is run.

    `fields` is None where directives choose them by variables. `state` is what an executor holds
    before it is given a request's values.
    """

    fields: Fields | None
    variables: QuickVariables | None = None
    state: dict[str, Any] | None = None


def _short_way(
    parent_type: GraphQLObjectType, name: str, field: GraphQLField | None
) -> Short | None:
    if name == "__typename":
        type_name = parent_type.name
        return lambda _source: type_name
    return None if field is None else short_way_of(field)
