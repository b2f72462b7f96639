"""What servers list besides tools: resources, resource templates and prompts."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.domain.session import ListingKind

# The field that names an entry (MCP spec, Resources and Prompts).
NAMED_BY: Mapping[ListingKind, str] = {
    ListingKind.TOOLS: "name",
    ListingKind.RESOURCES: "uri",
    ListingKind.RESOURCE_TEMPLATES: "uriTemplate",
    ListingKind.PROMPTS: "name",
}


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry; `key` is its name, URI or URI template, `raw` exactly what the server sent."""

    kind: ListingKind
    key: str
    raw: Mapping[str, object]

    def text(self, field: str) -> str | None:
        """A field of the entry, if it is a text."""
        return text_in(self.raw, field)


def text_in(raw: Mapping[str, object], field: str) -> str | None:
    """A field of what a server sent, if it is a text."""
    value = raw.get(field)
    return value if isinstance(value, str) else None


def has_key(kind: ListingKind, raw: Mapping[str, object], key: str) -> bool:
    """Whether an entry has that name, URI or URI template."""
    return raw.get(NAMED_BY[kind]) == key


def parse_listed(kind: ListingKind, raw: Mapping[str, object]) -> Listed | None:
    """The entry; None for one without its name."""
    key = raw.get(NAMED_BY[kind])
    return Listed(kind, key, raw) if isinstance(key, str) and key else None
