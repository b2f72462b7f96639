"""What a command line of `npx`, `uvx` or `uv tool run` asks for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath

from app.domain.npm import DIST_TAG, EXACT_VERSION, NPM_NAME
from app.domain.package import LATEST

_NPX_FLAGS = frozenset(("-y", "--yes", "-q", "--quiet", "--prefer-offline", "--prefer-online"))
_PYTHON_PACKAGE = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?(?:(?:==|@)(\S+))?")
_UV_WITH_VALUE = frozenset(("--from", "--with", "--python", "-p", "--index-url", "--index"))


@dataclass(frozen=True, slots=True)
class NpmLaunch:
    """A package of the npm registry, run with these arguments."""

    name: str
    version: str
    args: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PythonLaunch:
    """A package of PyPI."""

    name: str
    version: str | None


def parse_npx(args: Sequence[str]) -> NpmLaunch | None:
    """The one package that `npx` would run; None when it is anything else.

    That is: a range of versions, something from elsewhere than the registry, a program of
    another name than the package, or an option that changes what is run.
    """
    rest = [*args]
    while rest and rest[0] in _NPX_FLAGS:
        rest.pop(0)
    if rest and rest[0] == "--":
        rest.pop(0)
    if not rest:
        return None
    name, at, version = rest[0].rpartition("@")
    if not name:  # no version, or the `@` of a scope
        name, version = at + version, ""
    version = version or LATEST
    is_version = EXACT_VERSION.fullmatch(version) or DIST_TAG.fullmatch(version)
    if not NPM_NAME.fullmatch(name) or not is_version:
        return None
    return NpmLaunch(name, version, tuple(rest[2:] if rest[1:2] == ["--"] else rest[1:]))


def parse_uv(args: Sequence[str]) -> PythonLaunch | None:
    """The package that `uvx` would run, with the version if it names one."""
    rest = [*args]
    package: str | None = None
    while rest and rest[0].startswith("-"):
        option, equals, value = rest.pop(0).partition("=")
        if option in _UV_WITH_VALUE and not equals and rest:
            value = rest.pop(0)
        if option == "--from":
            package = value
    package = package or (rest[0] if rest else "")
    match = _PYTHON_PACKAGE.fullmatch(package)
    return None if match is None else PythonLaunch(match[1], match[2])


def program_of(command: str, args: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The bare name of the program that a command line runs, and that program's arguments.

    Looks through Windows' `cmd /c`, and takes `uv tool run` for `uvx`.
    """
    name, rest = _bare(command), tuple(args)
    if name == "cmd" and len(rest) > 1 and rest[0].lower() == "/c":
        name, rest = _bare(rest[1]), rest[2:]
    if name == "uv" and rest[:2] == ("tool", "run"):
        return "uvx", rest[2:]
    return name, rest


def _bare(command: str) -> str:
    windows = "\\" in command
    name = PureWindowsPath(command).name if windows else PurePosixPath(command).name
    return re.sub(r"\.(?:cmd|exe|ps1)$", "", name, flags=re.IGNORECASE).lower()
