"""What may be asked of a Python package index, and how its versions compare.

Direct references (`name @ url`), paths and options are refused: they would be fetched from
somewhere else or change the command.
Source: PEP 440 (versions), PEP 503 (names), PEP 508 (requirements), as `packaging` reads them.
"""

import re
from collections.abc import Sequence

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from app.domain.errors import invalid

PYPI_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
PYTHON_MODULE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
MAX_NAME = 214
MAX_VERSION = 128
MAX_REQUIREMENT = 256
MAX_REQUIREMENTS = 64


def check_pypi_name(name: str) -> None:
    """Accept a distribution's name such as `mcp-server-time`.

    Raises:
        AppError: INVALID_INPUT.
    """
    if len(name) > MAX_NAME or not PYPI_NAME.fullmatch(name):
        raise invalid(
            "The package's name must be one from PyPI, such as 'mcp-server-time'; extras, paths, "
            "URLs and options are not accepted.",
            "packageName",
        )


def check_pypi_version(version: str) -> None:
    """Accept an exact version (`1.2.3`), a specifier (`>=1,<2`, `~=1.4`, `==1.*`) or `latest`.

    Raises:
        AppError: INVALID_INPUT.
    """
    if version == "latest" or pypi_version(version) is not None or _is_specifier(version):
        return
    raise invalid(
        "version must be exact, such as '1.2.3', a PEP 440 specifier, such as '>=1,<2' or '==1.*', "
        "or 'latest'.",
        "version",
    )


def check_requirements(requirements: Sequence[str], *path: str) -> None:
    """Accept further requirements such as `mcp<2` or `httpx[http2]>=0.27`.

    Raises:
        AppError: INVALID_INPUT.
    """
    if len(requirements) > MAX_REQUIREMENTS:
        raise invalid(f"{path[-1]} may have at most {MAX_REQUIREMENTS} entries.", *path)
    for index, text in enumerate(requirements):
        if not _is_requirement(text):
            raise invalid(
                f"{path[-1]}[{index}] must be a package's name with or without a specifier, such "
                "as 'mcp<2'; URLs, paths and options are not accepted.",
                *path,
                str(index),
            )


def check_python_module(module: str, *path: str) -> None:
    """Accept the dotted name of a module, for `python -m`.

    Raises:
        AppError: INVALID_INPUT.
    """
    if len(module) > MAX_NAME or not PYTHON_MODULE.fullmatch(module):
        raise invalid(
            f"{path[-1]} must be the name of a Python module, such as 'mcp_server_time'.", *path
        )


def pypi_version(text: str) -> Version | None:
    """The version in PEP 440's order; None for what is no version."""
    if len(text) > MAX_VERSION or not _is_plain(text):
        return None
    try:
        return Version(text)
    except InvalidVersion:
        return None


def _is_specifier(text: str) -> bool:
    if len(text) > MAX_VERSION or not _is_plain(text) or not text or "===" in text:
        return False
    try:
        return len(SpecifierSet(text)) > 0
    except InvalidSpecifier:
        return False


def _is_requirement(text: str) -> bool:
    if len(text) > MAX_REQUIREMENT or not _is_plain(text) or "===" in text:
        return False
    try:
        parsed = Requirement(text)
    except InvalidRequirement:
        return False
    return parsed.url is None and PYPI_NAME.fullmatch(parsed.name) is not None


def _is_plain(text: str) -> bool:
    """Whether it is printable ASCII without blanks at the ends."""
    return text.isascii() and text.isprintable() and text == text.strip()
