"""Finding the secret values in a request, so that no message about it repeats them."""

from collections.abc import Iterable, Iterator, Mapping

from graphql import (
    DocumentNode,
    IntValueNode,
    ListValueNode,
    ObjectFieldNode,
    ObjectValueNode,
    StringValueNode,
    VariableNode,
    Visitor,
    visit,
)

from app.domain.redaction import SHORTEST_IN_LOGS, spellings

SECRET_FIELD = "value"


def secrets_in_request(
    document: DocumentNode | None, variables: Mapping[str, object]
) -> tuple[str, ...]:
    """Every spelling of what a request gives for a field named `value`, however wrongly."""
    values = set(_in_variables(variables))
    if document is not None:
        values |= set(_in_document(document, variables))
    values |= {repr(value)[1:-1] for value in values}
    return spellings(values, shortest=SHORTEST_IN_LOGS)


def _in_variables(value: object, key: str = "") -> Iterator[str]:
    if isinstance(value, dict) and key == SECRET_FIELD:
        yield from value
        yield from _in_variables([*value.values()], key)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _in_variables(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _in_variables(item, key)
    elif key == SECRET_FIELD and value is not None:
        yield str(value)


class _ValueCollector(Visitor):
    """Literals and variables given for a field named `value`, at any depth below it."""

    def __init__(self, variables: Mapping[str, object]) -> None:
        super().__init__()
        self._variables = variables
        self.found: list[str] = []

    def enter_object_field(self, node: ObjectFieldNode, *_: object) -> None:
        if node.name.value == SECRET_FIELD:
            self.found += _literals(node.value, self._variables)


def _literals(node: object, variables: Mapping[str, object]) -> Iterable[str]:
    if isinstance(node, StringValueNode | IntValueNode):
        return [node.value]
    if isinstance(node, VariableNode):
        return _in_variables(variables.get(node.name.value), SECRET_FIELD)
    inner: list[object] = []
    if isinstance(node, ListValueNode):
        inner = [*node.values]
    elif isinstance(node, ObjectValueNode):
        inner = [field.value for field in node.fields]
    return [text for item in inner for text in _literals(item, variables)]


def _in_document(document: DocumentNode, variables: Mapping[str, object]) -> list[str]:
    collector = _ValueCollector(variables)
    visit(document, collector)
    return collector.found
