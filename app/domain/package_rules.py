"""The pure rules about packages: which sources are acceptable, which version is newer."""

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Any

from app.domain.address import check_url
from app.domain.errors import invalid
from app.domain.names import check_arguments_list, check_server_name, check_text
from app.domain.npm import check_npm_name, check_npm_version, npm_precedence
from app.domain.package import PackageSource, Runtime
from app.domain.pypi import (
    MAX_NAME,
    PYPI_NAME,
    check_pypi_name,
    check_pypi_version,
    check_python_module,
    check_requirements,
    pypi_version,
)

MAX_INDEXES = 8
CREDENTIALS = (
    "The operator puts credentials into this machine's .npmrc, "
    "for Python into .netrc or PIP_INDEX_URL."
)
# What stands beside the servers' names in the paths of REST.
ROUTES = ("install", "updates", "upgrade-all", "by-name", "by-id")
# The last line of a traceback, also of one inside an exception group.
_DIED = re.compile(
    r"[\s|+]*(?:ImportError|ModuleNotFoundError|AttributeError|TypeError): (?P<what>.+)"
)
# What mcp 1 had and mcp 2 has not: modules, names in them, decorators and arguments of Server.
_OF_MCP_1 = re.compile(
    r"from 'mcp['.]|No module named 'mcp\.|module 'mcp[.']|\bFastMCP\b|McpError"
    r"|'(?:Server|ServerSession|ClientSession|RequestContext)' object has no attribute"
    r"|\bServer\.\w+\(\) (?:got|missing|takes)"
)


def check_source(source: PackageSource) -> None:
    """Accept a source that could be installed.

    Raises:
        AppError: INVALID_INPUT, naming the field.
    """
    if source.runtime is Runtime.NODE:
        _check_npm(source)
    else:
        _check_pypi(source)
    if source.command is not None:
        if not source.command.strip():
            raise invalid("command must name the program that starts the server.", "command")
        check_text(source.command, "command")
    check_arguments_list(source.args, "args")


def check_packaged_server_name(name: str) -> None:
    """Accept a name that the server of a package can have.

    Raises:
        AppError: INVALID_INPUT.
    """
    check_server_name(name, "serverName")
    if name in ROUTES:
        raise invalid(
            f"The server of a package cannot be named {name!r}: that is a route of REST.",
            "serverName",
            hint="Choose another name.",
        )


def check_package_name(name: str) -> None:
    """Accept a name that a package of either ecosystem can have.

    Raises:
        AppError: INVALID_INPUT.
    """
    if len(name) > MAX_NAME or not PYPI_NAME.fullmatch(name):
        check_npm_name(name)


def is_newer(runtime: Runtime, version: str, than: str) -> bool:
    """Whether `version` comes after `than` by its ecosystem's own order.

    npm: semver 2.0.0, section 11. PyPI: PEP 440. False when either is no version there.
    """
    if runtime is Runtime.NODE:
        left, right = npm_precedence(version), npm_precedence(than)
        return left is not None and right is not None and left > right
    new, old = pypi_version(version), pypi_version(than)
    return new is not None and old is not None and new > old


def nearest_versions(
    runtime: Runtime, wanted: str, versions: Sequence[str], *, most: int = 4
) -> list[str]:
    """The versions around the wanted one, in order; for what is no version, the last ones."""
    key: Callable[[str], Any] = npm_precedence if runtime is Runtime.NODE else pypi_version
    known = sorted({v for v in versions if key(v) is not None}, key=key)
    if key(wanted) is None:
        return known[-most:]
    place = bisect_left(known, key(wanted), key=key)
    start = max(0, min(place - most // 2, len(known) - most))
    return known[start : start + most]


def needs_older_mcp(stderr_lines: Sequence[str]) -> bool:
    """Whether a Python server died because it was written for mcp 1, and mcp 2 is installed.

    The traceback then ends at the import or the use of something that only mcp 1 has.
    """
    ends = [match["what"] for line in stderr_lines if (match := _DIED.match(line))]
    return any(_OF_MCP_1.search(what) for what in ends)


def _check_npm(source: PackageSource) -> None:
    _refuse(
        source,
        requirements=source.requirements,
        indexUrl=source.index_url,
        extraIndexUrls=source.extra_index_urls,
        pythonModule=source.python_module,
    )
    check_npm_name(source.name)
    check_npm_version(source.version)
    if source.registry is not None:
        _check_index(source.registry, "registry")


def _check_pypi(source: PackageSource) -> None:
    _refuse(source, registry=source.registry)
    check_pypi_name(source.name)
    check_pypi_version(source.version)
    check_requirements(source.requirements, "requirements")
    if source.python_module is not None:
        check_python_module(source.python_module, "pythonModule")
        if source.command is not None:
            raise invalid("Give either pythonModule or command.", "pythonModule")
    if source.index_url is not None:
        _check_index(source.index_url, "indexUrl")
    if len(source.extra_index_urls) > MAX_INDEXES:
        raise invalid(f"extraIndexUrls may have at most {MAX_INDEXES} entries.", "extraIndexUrls")
    for index, url in enumerate(source.extra_index_urls):
        _check_index(url, "extraIndexUrls", str(index))


def _check_index(url: str, *path: str) -> None:
    """The address is kept and listed, so it may hold no credentials."""
    check_url(url, *path, hint=CREDENTIALS)
    if "?" in url:
        raise invalid(f"{path[0]} must be an address without a query.", *path, hint=CREDENTIALS)


def _refuse(source: PackageSource, **fields: object) -> None:
    for name, value in fields.items():
        if value:
            raise invalid(f"{name} does not go with runtime {source.runtime}.", name)
