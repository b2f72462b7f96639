"""A tool as its server listed it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Tool:
    """One entry of `tools/list`; `raw` is exactly what the server sent (MCP spec, Tools).

    `memo` holds what was worked out of it once, under a name of whoever did.
    """

    name: str
    raw: Mapping[str, object]
    memo: dict[str, Any] = field(default_factory=dict, init=False, compare=False, repr=False)
    input_schema: Mapping[str, object] = field(init=False, compare=False, repr=False)
    """The JSON Schema of the arguments; `{}` where the server sent none."""

    def __post_init__(self) -> None:
        """Know what every call asks for."""
        schema = self.raw.get("inputSchema")
        object.__setattr__(self, "input_schema", schema if isinstance(schema, dict) else {})

    @property
    def title(self) -> str | None:
        """A name for people, where the server gives one."""
        return _text(self.raw.get("title"))

    @property
    def description(self) -> str | None:
        """What the tool does, in the server's words."""
        return _text(self.raw.get("description"))

    @property
    def output_schema(self) -> Mapping[str, object] | None:
        """The JSON Schema of `structuredContent`, where the server declares one."""
        schema = self.raw.get("outputSchema")
        return schema if isinstance(schema, dict) else None

    @property
    def annotations(self) -> Mapping[str, object] | None:
        """Hints such as `readOnlyHint`, where the server gives them."""
        value = self.raw.get("annotations")
        return value if isinstance(value, dict) else None


def parse_tool(entry: object) -> Tool | None:
    """The tool in one entry of a `tools/list` answer; None for an entry without a usable name."""
    if not isinstance(entry, dict):
        return None
    name = entry.get("name")
    return Tool(name, entry) if isinstance(name, str) and name else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
