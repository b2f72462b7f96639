"""The JSON Schemas of the models in the route tables, under names of one namespace."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from app.rest.operation import Operation

Mode = Literal["validation", "serialization"]
Schema = Mapping[str, Any]
REFERENCE = "#/components/schemas/{model}"


class _Generator(GenerateJsonSchema):
    """Without what says nothing: titles made of names, and null as a default.

    Of a field with a default some generators make one that must be given.
    """

    def default_schema(self, schema: Any) -> JsonSchemaValue:
        """The schema of a field that may be left out."""
        shown = super().default_schema(schema)
        if shown.get("default", ...) is None:
            del shown["default"]
        return shown

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's
        """Never."""
        return False


class Schemas:
    """Every model of some operations: `of` gives a reference to it."""

    def __init__(self, operations: Sequence[Operation], *more: Any) -> None:
        models: dict[Any, Mode] = {}
        for operation in operations:
            models |= {m: "validation" for m in (operation.body, operation.query) if m is not None}
            models[operation.answer] = "serialization"
        models.update(dict.fromkeys(more, "serialization"))
        inputs = [(model, mode, TypeAdapter(model)) for model, mode in models.items()]
        found, definitions = TypeAdapter.json_schemas(
            inputs, ref_template=REFERENCE, schema_generator=_Generator
        )
        self._found = {model: schema for (model, _), schema in found.items()}
        self._definitions: Schema = definitions["$defs"]
        self._queries = {self._name(o.query) for o in operations if o.query is not None}

    def all(self) -> Schema:
        """The definitions that are referred to; parameters of queries are shown one by one."""
        found = self._definitions.items()
        return {name: schema for name, schema in found if name not in self._queries}

    def of(self, model: Any) -> Schema:
        """The schema of a model: a reference to its definition."""
        return self._found[model]

    def properties(self, model: Any) -> tuple[Mapping[str, Schema], frozenset[str]]:
        """An object model's properties, and the names of those that are required."""
        definition = self._definitions[self._name(model)]
        return definition["properties"], frozenset(definition.get("required", ()))

    def _name(self, model: Any) -> str:
        reference: str = self.of(model)["$ref"]
        return reference.rpartition("/")[2]
