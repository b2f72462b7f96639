"""What the runs of an operation have found out about it; it holds nothing of any request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import FieldNode, GraphQLField, GraphQLObjectType, GraphQLSchema
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from graphql.pyutils import Path

from app.resolvers.engine.quick_values import QuickArguments, QuickVariables
from app.resolvers.engine.short_way import Short, short_way_of


@dataclass(frozen=True, slots=True)
class Resolving:
    """All that resolving one field takes, but for the object that it belongs to.

    `details` is what this is found by; held, so that its id stays its own.
    """

    details: FieldDetailsList
    parent_type: GraphQLObjectType
    field: GraphQLField
    nodes: list[FieldNode]
    path: Path
    """Where its value is, if it is a field of the operation itself."""
    arguments: QuickArguments | None


# The name in the answer, the field's short way, and its long one.
Step = tuple[str, Short | None, Resolving]
Plan = list[Step]


@dataclass(slots=True)
class Fields:
    """Which fields are asked for, and their ways.

    `below` has the plans for values of a declared type and a class, by the id of the details of
    the field that they are completed for; None where each value has to be looked at.
    """

    root: tuple[GraphQLObjectType, GroupedFieldSet, Plan] | None = None
    sub_fields: dict[Any, Any] = field(default_factory=dict)
    plans: dict[int, tuple[GroupedFieldSet, Plan]] = field(default_factory=dict)
    below: dict[tuple[Any, type, int], Plan | None] = field(default_factory=dict)
    resolvings: dict[int, Resolving] = field(default_factory=dict)

    def make_plan(
        self, schema: GraphQLSchema, parent_type: GraphQLObjectType, fields: GroupedFieldSet
    ) -> Plan:
        """The fields with their ways, for all objects of a list and all runs."""
        plan: Plan = []
        for response_name, details in fields.items():
            resolving = self.make_resolving(schema, parent_type, details)
            if resolving is not None:  # a field that there is not is not in the answer
                plan.append((response_name, _short_way(resolving), resolving))
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
        path = Path(None, (node.alias or node.name).value, parent_type.name)
        made = Resolving(details, parent_type, kind, nodes, path, QuickArguments.of(kind, node))
        self.resolvings[id(details)] = made
        return made


@dataclass(frozen=True, slots=True)
class Start:
    """What runs of an operation begin with: its variables, and what an executor holds already."""

    variables: QuickVariables
    state: Mapping[str, Any]


@dataclass(slots=True)
class Memo:
    """What is the same each time an operation is run.

    `fields` is None where directives choose them by variables, `start` until it was run once.
    """

    fields: Fields | None
    start: Start | None = None


def _short_way(resolving: Resolving) -> Short | None:
    if resolving.nodes[0].name.value == "__typename":
        type_name = resolving.parent_type.name
        return lambda _source: type_name
    return short_way_of(resolving.field)
