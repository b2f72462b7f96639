"""What may be asked of the npm registry: package names and versions, by npm's own grammar.

Everything `npm install` would take for a path, a URL, a git reference, an alias or an option
is refused, because it would be fetched from somewhere else or change the command.
Source: npm's validate-npm-package-name and npm-package-arg; semver.org 2.0.0.
"""

import re

from app.domain.errors import invalid

_PART = r"[a-z0-9~][a-z0-9._~-]*"
NPM_NAME = re.compile(rf"(?:@{_PART}/)?{_PART}")
_NUMBER = r"(?:0|[1-9][0-9]*)"
_TAIL = r"(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?"
EXACT_VERSION = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}{_TAIL}")
DIST_TAG = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,63}")
LATEST = "latest"
RESERVED = ("node_modules", "favicon.ico")


def check_npm_name(name: str) -> None:
    """Accept a registry package name such as `mcp-hello-world` or `@scope/name`.

    Raises:
        AppError: INVALID_INPUT.
    """
    if len(name) > 214 or name in RESERVED or not NPM_NAME.fullmatch(name):
        raise invalid(
            "name must be a package name from the npm registry, such as 'mcp-hello-world' or "
            "'@modelcontextprotocol/server-everything'; paths, URLs, git references and options "
            "are not accepted.",
            "name",
        )


def check_npm_version(version: str) -> None:
    """Accept an exact version (`1.2.3`) or a dist-tag (`latest`).

    Raises:
        AppError: INVALID_INPUT.
    """
    if len(version) > 128 or not (EXACT_VERSION.fullmatch(version) or DIST_TAG.fullmatch(version)):
        raise invalid(
            "version must be exact, such as '1.2.3', or a dist-tag, such as 'latest'.", "version"
        )
