"""Resolvers whose arguments are converted by a plan that was made once.

Strawberry finds out anew for every call how each argument becomes a Python value, which costs
more than all else of a field. What the plans do not know goes its own way; a test compares both.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING
from typing import Any

import strawberry
from graphql import GraphQLField, GraphQLResolveInfo
from graphql.type import is_object_type
from strawberry.relay.types import GlobalID
from strawberry.scalars import is_scalar
from strawberry.types.arguments import convert_argument
from strawberry.types.base import (
    StrawberryList,
    StrawberryMaybe,
    StrawberryOptional,
    has_object_definition,
)
from strawberry.types.enum import has_enum_definition
from strawberry.types.field import StrawberryField

# From what graphql-core has coerced to what the resolver takes; None where they are the same.
Convert = Callable[[Any], Any] | None


class Converters:
    """The conversions of one schema's argument types, each made once."""

    def __init__(self, schema: strawberry.Schema) -> None:
        self._config = schema.config
        self._scalars: Mapping[object, Any] = schema.schema_converter.scalar_registry

    def of(self, kind: Any) -> Convert:
        """The conversion of values of that type; they may be null or left out."""
        if self._is_leaf(kind):
            return None
        if isinstance(kind, StrawberryOptional) and not isinstance(kind, StrawberryMaybe):
            return self.of(kind.of_type)
        if isinstance(kind, StrawberryList) and self._is_leaf(kind.of_type):
            return _if_given(list)  # a copy: a default is shared by all who leave it out
        if has_object_definition(kind) and kind.__strawberry_definition__.from_input is None:
            return self._input(kind)
        config, scalars = self._config, self._scalars
        return lambda value: convert_argument(value, kind, scalars, config)

    def named(self, argument: Any) -> tuple[str, str, Convert]:
        """An argument's names in GraphQL and in Python, and its conversion."""
        name = self._config.name_converter.from_argument(argument)
        return name, argument.python_name, self.of(argument.type)

    def _is_leaf(self, kind: Any) -> bool:
        return kind is not GlobalID and (
            is_scalar(kind, self._scalars) or has_enum_definition(kind)
        )

    def _input(self, kind: Any) -> Callable[[Any], Any]:
        """The making of an input object that is given, each field by its own conversion."""
        definition = kind.__strawberry_definition__
        name_of = self._config.name_converter.from_field
        absent = {
            f.python_name: None
            for f in definition.fields
            if f.default_value is MISSING and f.default_factory is MISSING
        }
        steps: list[tuple[str, str, Convert]] = []

        def make(given: Any) -> Any:
            if given is None or given is strawberry.UNSET:
                return given
            if not steps:  # not before it is needed: an input may hold another of its kind
                steps.extend(
                    (name_of(f), f.python_name, self.of(f.resolve_type(type_definition=definition)))
                    for f in definition.fields
                )
            values = absent.copy()
            for name, python_name, convert in steps:
                if name in given:
                    value = given[name]
                    values[python_name] = value if convert is None else convert(value)
            return kind(**values)

        return make


def quicken(schema: strawberry.Schema) -> None:
    """Give the fields of a schema that Strawberry has built quick resolvers."""
    converters = Converters(schema)
    for kind in schema._schema.type_map.values():  # noqa: SLF001 - there is no other way to it
        for field in kind.fields.values() if is_object_type(kind) else ():
            definition = field.extensions.get("strawberry-definition")
            if isinstance(definition, StrawberryField) and _is_plain(field, definition):
                field.resolve = _quick(definition, converters, schema.config.info_class)


def _is_plain(field: GraphQLField, definition: StrawberryField) -> bool:
    """Whether nothing but the field's own function takes part in resolving it."""
    own = definition.base_resolver
    return (
        own is not None
        and field.subscribe is None
        and not definition.extensions
        and own.parent_parameter is None
        and own.root_parameter is None
    )


def _quick(
    definition: StrawberryField, converters: Converters, info_class: type[strawberry.Info]
) -> Callable[..., Any]:
    own: Any = definition.base_resolver
    work: Callable[..., Any] = own.wrapped_func
    has_self = own.self_parameter is not None
    info_name = None if own.info_parameter is None else own.info_parameter.name
    steps: list[tuple[str, str, Convert]] = []
    is_ready = False

    def resolve(source: Any, info: GraphQLResolveInfo[Any], **given: Any) -> Any:
        nonlocal is_ready
        if not is_ready:  # types that are named before they exist can be told by now
            steps.extend(converters.named(argument) for argument in definition.arguments)
            is_ready = True
        values = {
            python_name: given[name] if convert is None else convert(given[name])
            for name, python_name, convert in steps
            if name in given
        }
        if info_name is not None:
            values[info_name] = info_class(_raw_info=info, _field=definition)
        return work(source, **values) if has_self else work(**values)

    return resolve


def _if_given(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: value if value is None or value is strawberry.UNSET else convert(value)
