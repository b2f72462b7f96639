"""The grammars of names and small values that arrive from outside.

Each check returns nothing and raises INVALID_INPUT, naming the input and the rule.
"""

import re
from collections.abc import Mapping, Sequence

from app.domain.errors import invalid

SERVER_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
SECRET_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,127}")
ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
RESERVED_ENVIRONMENT = re.compile(r"(?:LD_|DYLD_|MCP_API_)[A-Z0-9_]*")
MAX_USERNAME = 256
MAX_TOOL_NAME = 256
MAX_SECRET_BYTES = 64 * 1024
MAX_TEXT = 4096
MAX_LIST = 256


def check_server_name(name: str, *path: str) -> None:
    """Accept 1 to 100 letters, digits, `.`, `_`, `-`, the first a letter, digit or `_`."""
    if not SERVER_NAME.fullmatch(name):
        raise invalid(
            "A server's name must be 1 to 100 letters, digits, '.', '_' or '-', "
            "and start with a letter, a digit or '_'.",
            *(path or ("serverName",)),
        )


def check_username(username: str) -> None:
    """Accept 1 to 256 printable characters without blanks at the ends."""
    if (
        not 0 < len(username) <= MAX_USERNAME
        or not username.isprintable()
        or username != username.strip()
    ):
        raise invalid(
            "username must be 1 to 256 printable characters without blanks at the ends.",
            "username",
        )


def check_tool_name(name: str, *path: str) -> None:
    """Accept 1 to 256 printable characters."""
    if not 0 < len(name) <= MAX_TOOL_NAME or not name.isprintable():
        raise invalid(
            "A tool's name must be 1 to 256 printable characters.",
            *(path or ("toolName",)),
        )


def check_secret_name(name: str, *path: str) -> None:
    """Accept what can be an argument's name: a letter or `_`, then letters, digits, `_.-`."""
    if not SECRET_NAME.fullmatch(name):
        raise invalid(
            "A secret's name must be 1 to 128 letters, digits, '_', '.' or '-', "
            "and start with a letter or '_'.",
            *(path or ("secretName",)),
        )


# Tabs and line ends belong to keys in PEM and to JSON; nothing else of ASCII's controls does.
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def check_secret_value(value: str, *path: str) -> None:
    """Accept 1 byte to 64 KiB of UTF-8; of the control characters only tabs and line ends."""
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise invalid("The secret's value is not valid Unicode text.", *path) from None
    if not value or size > MAX_SECRET_BYTES or CONTROLS.search(value):
        raise invalid(
            "The secret's value must be 1 byte to 64 KiB of text without NUL and other control "
            "characters; tabs and line ends are fine.",
            *path,
        )


def check_text(value: str, *path: str, most: int = MAX_TEXT) -> None:
    """Accept text that can be an argument or environment value: no NUL, no lone surrogate."""
    if len(value) > most or "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
        name = path[-1] if not path[-1].isdecimal() else f"{path[-2]}[{path[-1]}]"
        raise invalid(
            f"{name} must be at most {most} characters of Unicode text without NUL.", *path
        )


def check_arguments_list(values: Sequence[str], *path: str) -> None:
    """Accept up to 256 command-line arguments."""
    if len(values) > MAX_LIST:
        raise invalid(f"{path[-1]} may have at most {MAX_LIST} entries.", *path)
    for index, value in enumerate(values):
        check_text(value, *path, str(index))


def check_environment(env: Mapping[str, str], *path: str) -> None:
    """Accept up to 256 variables with portable names (POSIX.1-2017, section 8.1).

    Names that steer the dynamic loader, and this product's own, are refused.
    """
    if len(env) > MAX_LIST:
        raise invalid(f"{path[-1]} may have at most {MAX_LIST} variables.", *path)
    for name, value in env.items():
        if not ENVIRONMENT_NAME.fullmatch(name) or RESERVED_ENVIRONMENT.fullmatch(name):
            raise invalid(
                f"{name[:128]!r} cannot be an environment variable of a server: use letters, "
                "digits and '_', not starting with a digit, LD_, DYLD_ or MCP_API_.",
                *path,
                name[:128],
            )
        check_text(value, *path, name, most=MAX_SECRET_BYTES)
