"""The values of an operation's variables and of a field's arguments, by steps made once."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Self

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLSchema,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    ValueNode,
    VariableNode,
    is_non_null_type,
)
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource
from graphql.pyutils import Undefined
from graphql.type import is_required_argument
from graphql.utilities.coerce_input_value import coerce_input_literal

from app.resolvers.engine.quick_inputs import Coerce, quick_default_of, quick_input_of
from app.resolvers.engine.short_way import LONG

# Values that nobody can change: what is coerced once may be given to every run.
_FIXED = (str, int, float, bool, type(None), Enum)


class QuickVariables:
    """The variables of one operation."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode) -> None:
        self._steps: list[tuple[str, Any, Coerce, Any]] = []
        for definition in operation.variable_definitions or ():
            signature: Any = get_variable_signature(schema, definition)
            default: Any = LONG if is_non_null_type(signature.type) else Undefined
            if definition.default_value is not None:
                default = _fixed(definition.default_value, signature.type)
            coerce = quick_input_of(signature.type)
            self._steps.append((signature.name, signature, coerce, default))

    def coerce(self, given: Mapping[str, object]) -> dict[str, Any] | None:
        """The coerced values; None if the long way has to be gone."""
        coerced: dict[str, Any] = {}
        for name, _, coerce, default in self._steps:
            value = coerce(given[name], 0) if name in given else default
            if value is LONG:
                return None
            if value is not Undefined:
                coerced[name] = value
        return coerced

    def with_sources(self, given: Mapping[str, object], coerced: dict[str, Any]) -> VariableValues:
        """The same values, and where they are from."""
        sources = {
            name: VariableValueSource(signature, given.get(name, Undefined))
            for name, signature, _, _ in self._steps
        }
        return VariableValues(sources, coerced)


class QuickArguments:
    """The arguments of one field where a document asks for it."""

    def __init__(self, steps: list[tuple[str, str | None, Any, bool]]) -> None:
        self._steps = steps

    @classmethod
    def of(cls, field: GraphQLField, node: FieldNode) -> Self | None:
        """How to find the values; None if that always takes the long way."""
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        steps: list[tuple[str, str | None, Any, bool]] = []
        for name, argument in field.args.items():
            default = LONG if is_required_argument(argument) else quick_default_of(argument)
            variable = None
            value = given.get(name)
            if isinstance(value, VariableNode):
                variable = value.name.value
            elif value is not None:
                default = _fixed(value, argument.type)
            if variable is None and default is LONG:
                return None
            out_name = argument.out_name or name
            steps.append((out_name, variable, default, is_non_null_type(argument.type)))
        return cls(steps)

    def values(self, variables: Mapping[str, Any]) -> dict[str, Any] | None:
        """The values; None if the long way has to be gone."""
        values: dict[str, Any] = {}
        for name, variable, default, is_non_null in self._steps:
            value = default if variable is None else variables.get(variable, default)
            if value is LONG or (value is None and is_non_null):
                return None
            if value is not Undefined:
                values[name] = value
        return values


def _fixed(node: ValueNode, kind: Any) -> Any:
    """The value of a literal, if it is the same for ever; otherwise LONG."""
    if isinstance(node, ListValueNode | ObjectValueNode):
        return LONG
    value = coerce_input_literal(node, kind)
    return value if isinstance(value, _FIXED) else LONG
