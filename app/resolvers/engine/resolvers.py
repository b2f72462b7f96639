"""Resolvers whose arguments are converted by a plan that was made once.

Strawberry finds out anew for every call how each argument becomes a Python value, which costs
more than all else of a field. What the plans do not know goes its own way; a test compares both.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING
from typing import Any

import strawberry
from graphql import GraphQLArgument, GraphQLField, GraphQLInputField, GraphQLResolveInfo
from graphql.type import is_input_object_type, is_object_type
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

# From what graphql-core has coerced to what the resolver takes.
Convert = Callable[[Any], Any]
# The names of what has to be converted, and how.
Steps = list[tuple[str, Convert]]

# Where a type or field keeps what Strawberry knows of it.
_DEFINITION = "strawberry-definition"


class Converters:
    """The conversions of one schema's argument types, each made once."""

    def __init__(self, schema: strawberry.Schema) -> None:
        self._config = schema.config
        self._scalars: Mapping[object, Any] = schema.schema_converter.scalar_registry

    def of(self, kind: Any) -> Convert | None:
        """The conversion of values of that type; they may be null or left out. None needs none."""
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

    def _is_leaf(self, kind: Any) -> bool:
        return kind is not GlobalID and (
            is_scalar(kind, self._scalars) or has_enum_definition(kind)
        )

    def _input(self, kind: Any) -> Callable[[Any], Any]:
        """The making of an input object that is given, each field by its own conversion."""
        definition = kind.__strawberry_definition__
        absent = {
            f.python_name: None
            for f in definition.fields
            if f.default_value is MISSING and f.default_factory is MISSING
        }
        steps: Steps | None = None

        def make(given: Any) -> Any:
            nonlocal steps
            if given is None or given is strawberry.UNSET:
                return given
            if steps is None:  # not before it is needed: an input may hold another of its kind
                steps = self.steps(
                    (f.python_name, f.resolve_type(type_definition=definition))
                    for f in definition.fields
                )
            values = {**absent, **given}
            for name, convert in steps:
                if name in given:
                    values[name] = convert(given[name])
            return kind(**values)

        return make

    def steps(self, kinds: Iterable[tuple[str, Any]]) -> Steps:
        """The conversions that values of these names and types need."""
        found = [(name, self.of(kind)) for name, kind in kinds]
        return [(name, convert) for name, convert in found if convert is not None]


def quicken(schema: strawberry.Schema) -> None:
    """Give the fields of a schema that Strawberry has built quick resolvers.

    What is given to them is coerced to the names that it has in Python.
    """
    converters = Converters(schema)
    for kind in schema._schema.type_map.values():  # noqa: SLF001 - there is no other way to it
        if is_input_object_type(kind):
            _name_in_python(kind.fields, kind.extensions[_DEFINITION].fields)
        for field in kind.fields.values() if is_object_type(kind) else ():
            definition = field.extensions.get(_DEFINITION)
            if isinstance(definition, StrawberryField) and definition.base_resolver is not None:
                _quicken(field, definition, converters, schema.config.info_class)


def _quicken(
    field: GraphQLField,
    definition: StrawberryField,
    converters: Converters,
    info_class: type[strawberry.Info],
) -> None:
    if not _is_plain(definition):
        if definition.arguments:
            raise TypeError(f"{definition.name}: only plain resolvers can take arguments")
        return
    _name_in_python(field.args, definition.arguments)
    quick = _quick(definition, converters, info_class)
    if field.subscribe is None:
        field.resolve = quick
    else:
        field.subscribe = quick


def _name_in_python(
    given: Mapping[str, GraphQLArgument | GraphQLInputField], definitions: Iterable[Any]
) -> None:
    for value, definition in zip(given.values(), definitions, strict=True):
        value.out_name = definition.python_name


def _is_plain(definition: StrawberryField) -> bool:
    """Whether nothing but the field's own function takes part in resolving it."""
    own = definition.base_resolver
    return (
        own is not None
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
    steps: Steps | None = None

    def resolve(source: Any, info: GraphQLResolveInfo[Any], **given: Any) -> Any:
        nonlocal steps
        if steps is None:  # types that are named before they exist can be told by now
            steps = converters.steps((a.python_name, a.type) for a in definition.arguments)
        for name, convert in steps:
            if name in given:
                given[name] = convert(given[name])
        if info_name is not None:
            given[info_name] = info_class(_raw_info=info, _field=definition)
        return work(source, **given) if has_self else work(**given)

    return resolve


def _if_given(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: value if value is None or value is strawberry.UNSET else convert(value)
