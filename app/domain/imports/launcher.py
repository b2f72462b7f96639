"""What a command line of `npx`, `uvx` or `uv tool run` asks for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath, PureWindowsPath

from app.domain.npm import DIST_TAG, EXACT_VERSION, NPM_NAME, VERSION_RANGE
from app.domain.package import LATEST

_NPX_FLAGS = frozenset(("-y", "--yes", "-q", "--quiet", "--prefer-offline", "--prefer-online"))
_PYTHON_PACKAGE = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?P<extras>\[[A-Za-z0-9,._-]*\])?"
    r"(?:@(?P<at>[A-Za-z0-9.!+]+)|(?P<specifier>(?:[<>=!~]=?|~=).*))?"
)
# What changes only how `uvx` itself works; the second kind has a value.
_UV_FLAGS = frozenset(("-q", "--quiet", "-n", "--no-cache", "--refresh", "--isolated", "--offline"))
_UV_IGNORED = frozenset(("--python", "-p", "--refresh-package", "--cache-dir"))
_UV_INDEX = frozenset(("--index-url", "-i", "--default-index"))
_UV_EXTRA = frozenset(("--extra-index-url", "--index"))


@dataclass(frozen=True, slots=True)
class NpmLaunch:
    """A package of the npm registry, run with these arguments."""

    name: str
    version: str
    args: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonLaunch:
    """A package of PyPI; `command` is the program of it to run, None for the one of its name."""

    name: str
    version: str = LATEST
    command: str | None = None
    args: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()


def parse_npx(args: Sequence[str]) -> NpmLaunch | None:
    """The one package that `npx` would run; None when it is anything else.

    That is: something from elsewhere than the registry, a program of another name than the
    package, or an option that changes what is run.
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
    grammars = (EXACT_VERSION, DIST_TAG, VERSION_RANGE)
    is_version = any(grammar.fullmatch(version) for grammar in grammars)
    if not NPM_NAME.fullmatch(name) or not is_version:
        return None
    return NpmLaunch(name, version, tuple(rest[2:] if rest[1:2] == ["--"] else rest[1:]))


def parse_uv(args: Sequence[str]) -> PythonLaunch | None:
    """The one package that `uvx` would run; None when it is anything else.

    That is: something from elsewhere than an index, or an option that changes what is run.
    """
    rest, given = [*args], _UvOptions()
    while rest and rest[0].startswith("-"):
        option, equals, value = rest.pop(0).partition("=")
        if option in _UV_FLAGS and not equals:
            continue
        if not equals:
            value = rest.pop(0) if rest else ""
        if not given.take(option, value):
            return None
    package = given.package or (rest[0] if rest else "")
    match = _PYTHON_PACKAGE.fullmatch(package)
    if match is None or not rest:
        return None
    name, extras = match["name"], match["extras"] or ""
    is_other = given.package is not None and rest[0] != name
    exact = (match["specifier"] or "").removeprefix("==")
    specifier = match["specifier"] or LATEST
    is_exact = specifier.startswith("==") and not set(exact) & set("*,<>=!~")
    return PythonLaunch(
        name=name,
        version=match["at"] or (exact if is_exact else specifier),
        command=rest[0] if is_other else None,
        args=tuple(rest[1:]),
        requirements=(*([name + extras] if extras else []), *given.requirements),
        index_url=given.index_url,
        extra_index_urls=tuple(given.extra_index_urls),
    )


@dataclass(slots=True)
class _UvOptions:
    """The options of `uvx` that say what is run."""

    package: str | None = None
    requirements: list[str] = field(default_factory=list)
    index_url: str | None = None
    extra_index_urls: list[str] = field(default_factory=list)

    def take(self, option: str, value: str) -> bool:
        """Note one option; False when it is not understood."""
        if option == "--from":
            self.package = value
        elif option in ("--with", "-w"):
            self.requirements += value.split(",")
        elif option in _UV_INDEX:
            self.index_url = value
        elif option in _UV_EXTRA:
            self.extra_index_urls.append(value)
        else:
            return option in _UV_IGNORED
        return True


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
