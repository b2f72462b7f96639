"""`${…}` in a configuration: what is asked for, what is looked up, and what is left alone."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from app.domain.delivery import VALUE

_PLACEHOLDER = re.compile(r"\$\{([^{}]*)\}")
_ASKED = re.compile(r"input:(.+)|env:(.+)|([A-Z_][A-Z0-9_]*)(?::-.*)?")
_NAME_TO_SHOW = re.compile(r"[A-Za-z]{1,32}")


@dataclass(frozen=True, slots=True)
class Asked:
    """A text with one value to be set: what surrounds it, and what VS Code calls it."""

    template: str
    source: str


class Unresolved(Exception):
    """A placeholder that means something only in the editor; the message says which."""


def find_asked(text: str, *, own: Collection[str] = ()) -> Asked | None:
    """What has to be set by somebody before the text can be used; None when nothing has.

    `${NAME}` with a name in `own`, the entry's own variables, is for the program itself.

    Raises:
        Unresolved: It stands for a folder of the editor, or for more than one value.
    """
    found = [m for m in _PLACEHOLDER.finditer(text) if m[1] not in own]
    if not found:
        return None
    if len(found) > 1 or VALUE in text:
        raise Unresolved("holds several ${…}")
    asked = _ASKED.fullmatch(found[0][1])
    if asked is None:
        name = found[0][1] if _NAME_TO_SHOW.fullmatch(found[0][1]) else "…"
        raise Unresolved(f"holds ${{{name}}}, which only the editor knows")
    template = text[: found[0].start()] + VALUE + text[found[0].end() :]
    return Asked(template, asked[1] or asked[2] or asked[3])
