"""Credentials among a command's arguments, where everyone on the machine can see them."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from app.domain.imports.credentials import is_credential, is_credential_name, looks_like_credential
from app.domain.imports.placeholders import Unresolved, find_asked

# --api-key=X, API_KEY=X, and a header as `Authorization: X`
_ASSIGNED = re.compile(r"(?:--?)?([A-Za-z][\w.-]*)(?:=|: *)(.+)", re.DOTALL)
_OPTION = re.compile(r"--?[A-Za-z][\w.-]*")
_REFERENCE = re.compile(r"\$\{[^{}]*\}|(?:Bearer|Basic) \$\{[^{}]*\}")


@dataclass(frozen=True, slots=True)
class InArguments:
    """Where there are credentials, in words that hold none; or why the args cannot be used."""

    credentials: tuple[str, ...]
    unresolved: str | None


def find_in_arguments(args: Sequence[str], *, own: Collection[str] = ()) -> InArguments:
    """What looks like a credential; `${NAME}` with a name in `own` is no credential."""
    places: list[str] = []
    before = ""
    for index, arg in enumerate(args):
        try:
            asked = find_asked(arg, own=own)
        except Unresolved as problem:
            return InArguments((), f"args[{index}] {problem}.")
        if asked is not None:
            told = f"args[{index}] has to be set by each user, and cannot be delivered yet."
            return InArguments((), told)
        if _is_credential(arg, before):
            is_named = _OPTION.fullmatch(before) and is_credential_name(before)
            places.append(f"args[{index}]" + (f" (after {before[:64]})" if is_named else ""))
        before = arg
    return InArguments(tuple(places), None)


def _is_credential(arg: str, before: str) -> bool:
    if looks_like_credential(arg):
        return True
    assigned = _ASSIGNED.fullmatch(arg)
    if assigned is not None and "://" not in arg.partition("=")[0]:
        value = assigned[2]
        return not _REFERENCE.fullmatch(value) and is_credential(assigned[1], value)
    is_value = _OPTION.fullmatch(before) is not None and not arg.startswith("-")
    return is_value and not _REFERENCE.fullmatch(arg) and is_credential(before, arg)
