"""What a new version of a server changes about its tools: added, removed, changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.domain.tool import Tool

MOST_DETAILS = 20


class ToolAspect(StrEnum):
    """A part of a tool's description that can change."""

    TITLE = "title"
    DESCRIPTION = "description"
    INPUT_SCHEMA = "input_schema"
    OUTPUT_SCHEMA = "output_schema"
    ANNOTATIONS = "annotations"


@dataclass(frozen=True, slots=True)
class ToolChange:
    """One tool that both versions have; `details` say in words what differs in its input."""

    name: str
    aspects: tuple[ToolAspect, ...]
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolDiff:
    """The tools of a new version against those of the old one, each part by name."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[ToolChange, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether the tools are the same."""
        return not (self.added or self.removed or self.changed)

    @property
    def is_breaking(self) -> bool:
        """Whether a tool that somebody may rely on is gone or is no longer what it was.

        A description counts: it is what a model decides by.
        """
        return bool(self.removed or self.changed)

    def summary(self) -> str:
        """The diff in a few words, such as `2 added, 1 removed (search)`."""
        parts = [f"{len(self.added)} added"] if self.added else []
        for word, names in (("removed", self.removed), ("changed", [c.name for c in self.changed])):
            if names:
                shown = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
                parts.append(f"{len(names)} {word} ({shown})")
        return ", ".join(parts) or "the same tools"


def diff_tools(before: Sequence[Tool], after: Sequence[Tool]) -> ToolDiff:
    """What the second listing has that the first has not, and the other way round."""
    old = {tool.name: tool for tool in before}
    new = {tool.name: tool for tool in after}
    both = (_change(old[name], new[name]) for name in sorted(old.keys() & new.keys()))
    return ToolDiff(
        added=tuple(sorted(new.keys() - old.keys())),
        removed=tuple(sorted(old.keys() - new.keys())),
        changed=tuple(change for change in both if change.aspects),
    )


def _change(before: Tool, after: Tool) -> ToolChange:
    pairs = {
        ToolAspect.TITLE: (before.title, after.title),
        ToolAspect.DESCRIPTION: (before.description, after.description),
        ToolAspect.INPUT_SCHEMA: (before.input_schema, after.input_schema),
        ToolAspect.OUTPUT_SCHEMA: (before.output_schema, after.output_schema),
        ToolAspect.ANNOTATIONS: (before.annotations, after.annotations),
    }
    aspects = tuple(aspect for aspect, (one, other) in pairs.items() if one != other)
    details = tuple(_in_words(before.input_schema, after.input_schema))
    return ToolChange(before.name, aspects, details[:MOST_DETAILS])


def _in_words(before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[str]:
    """How the arguments differ, as far as the two schemas' top level says it."""
    old, new = _properties(before), _properties(after)
    needed, needs = _required(before), _required(after)
    for name in sorted(new.keys() - old.keys()):
        yield f"argument {name!r} is new" + (" and required" if name in needs else "")
    for name in sorted(old.keys() - new.keys()):
        yield f"argument {name!r} is gone"
    for name in sorted(old.keys() & new.keys()):
        if name in needs - needed:
            yield f"argument {name!r} is required now"
        elif name in needed - needs:
            yield f"argument {name!r} is no longer required"
        if old[name] != new[name]:
            yield f"argument {name!r} is described differently"


def _properties(schema: Mapping[str, object]) -> dict[str, object]:
    found = schema.get("properties")
    return {str(k): v for k, v in found.items()} if isinstance(found, dict) else {}


def _required(schema: Mapping[str, object]) -> frozenset[str]:
    found = schema.get("required")
    return frozenset(map(str, found)) if isinstance(found, list) else frozenset()
