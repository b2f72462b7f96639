"""JSON with comments and trailing commas, as VS Code accepts it in its own files."""

import json
import re
from typing import Any

from app.domain.errors import invalid

# A string comes first, so that what looks like a comment inside one is left alone.
_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|//[^\r\n]*|/\*.*?\*/', re.DOTALL)
_TRAILING = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])', re.DOTALL)


def parse_jsonc(text: str) -> Any:
    """The value in the text.

    Raises:
        AppError: INVALID_INPUT with line and column; never with what stands there.
    """
    bare = _TOKEN.sub(_without_comment, text.removeprefix("\ufeff"))
    try:
        return json.loads(
            _TRAILING.sub(lambda match: match[1] or " ", bare), object_pairs_hook=_object
        )
    except json.JSONDecodeError as error:
        raise invalid(
            f"The file is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from None
    except RecursionError:
        raise invalid("The file is not JSON that can be read: it is nested too deep.") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; of two members of one name JSON would silently drop the first."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise invalid(f"The file names {twice[:128]!r} twice in one object.")
    return found


def _without_comment(match: re.Match[str]) -> str:
    """A string as it is; a comment as blanks, its line breaks kept for the error's position."""
    found = match[0]
    return found if found.startswith('"') else re.sub(r"[^\r\n]", " ", found)
