"""What may be asked of the npm registry, by npm's own grammar, and how its versions compare.

Everything `npm install` would take for a path, a URL, a git reference, an alias or an option
is refused, because it would be fetched from somewhere else or change the command.
Source: npm's validate-npm-package-name, npm-package-arg and node-semver; semver.org 2.0.0.
"""

import re

from app.domain.errors import invalid

_PART = r"[a-z0-9~][a-z0-9._~-]*"
NPM_NAME = re.compile(rf"(?:@{_PART}/)?{_PART}")
_NUMBER = r"(?:0|[1-9][0-9]*)"
_TAIL = r"(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?"
EXACT_VERSION = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}{_TAIL}")
DIST_TAG = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,63}")
# `1`, `1.x`, `1.2.*`, `1.2.3-beta.1`
_PLACE = rf"(?:{_NUMBER}|[xX*])"
_PARTIAL = rf"v?{_PLACE}(?:\.{_PLACE}(?:\.{_PLACE}{_TAIL})?)?"
_SIMPLE = rf"(?:(?:[<>]=?|=|\^|~>?) ?)?{_PARTIAL}"
_RANGE = rf"(?:{_PARTIAL} - {_PARTIAL}|{_SIMPLE}(?: {_SIMPLE})*)"
VERSION_RANGE = re.compile(rf"{_RANGE}(?: ?\|\| ?{_RANGE})*")
RESERVED = ("node_modules", "favicon.ico")
MAX_NAME = 214
MAX_VERSION = 128

# The three numbers, then whether it is a release, then the prerelease's identifiers.
Precedence = tuple[tuple[int, ...], bool, tuple[tuple[bool, int, str], ...]]


def check_npm_name(name: str) -> None:
    """Accept a registry package name such as `mcp-hello-world` or `@scope/name`.

    Raises:
        AppError: INVALID_INPUT.
    """
    if len(name) > MAX_NAME or name in RESERVED or not NPM_NAME.fullmatch(name):
        raise invalid(
            "The package's name must be one from the npm registry, such as 'mcp-hello-world' or "
            "'@modelcontextprotocol/server-everything'; paths, URLs, git references and options "
            "are not accepted.",
            "packageName",
        )


def check_npm_version(version: str) -> None:
    """Accept an exact version (`1.2.3`), a dist-tag (`latest`) or a range (`^1.2`, `>=1 <2`).

    Raises:
        AppError: INVALID_INPUT.
    """
    grammars = (EXACT_VERSION, DIST_TAG, VERSION_RANGE)
    if len(version) > MAX_VERSION or not any(g.fullmatch(version) for g in grammars):
        raise invalid(
            "version must be exact, such as '1.2.3', a dist-tag, such as 'latest', or a range, "
            "such as '^1.2', '1.x' or '>=1 <2'.",
            "version",
        )


def is_exact_npm_version(version: str) -> bool:
    """Whether it names one version, and so stands for the same for ever."""
    return EXACT_VERSION.fullmatch(version) is not None


def npm_precedence(version: str) -> Precedence | None:
    """A key by which versions sort as semver does (section 11); None for what is no version."""
    if not EXACT_VERSION.fullmatch(version):
        return None
    numbers, dash, prerelease = version.partition("+")[0].partition("-")
    return (
        tuple(int(number) for number in numbers.split(".")),
        not dash,
        tuple(_identifier(part) for part in prerelease.split(".")) if dash else (),
    )


def _identifier(part: str) -> tuple[bool, int, str]:
    """Numbers come before words, by value; words by their letters."""
    is_number = part.isdecimal()
    return not is_number, int(part) if is_number else 0, part
