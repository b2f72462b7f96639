"""What uv's failures come to."""

import re
from collections.abc import Sequence

from packaging.utils import canonicalize_name

from app.domain.errors import AppError, ErrorCode
from app.domain.package import PackageSource
from app.installers.failures import install_failed, registry_unavailable
from app.installers.uv_client import UV

REGISTRY = "The Python package index"
_AWAY = ("Failed to fetch", "error sending request", "could not be queried", "network was disabled")
_REFUSED = re.compile(r"\b[45]\d\d [A-Z][A-Za-z ]+")
_NEEDS_BUILD = re.compile(
    r"(\S+?)(?:==\S+)? has no usable wheels|Wheels are required for `([^`]+)`"
)
_OTHER_PYTHON = "does not satisfy Python"
_NO_PYTHON = "No interpreter found"


def why_uv_failed(source: PackageSource, lines: Sequence[str]) -> AppError:
    """The error for what uv wrote, where it is not about names and versions."""
    text = "\n".join(lines)
    if _is_away(lines):
        return registry_unavailable(UV, _reason(lines))
    build = _NEEDS_BUILD.search(text)
    if build is not None and not source.allow_scripts:
        return AppError(
            ErrorCode.INSTALL_FAILED,
            f"{build[1] or build[2]} is there as source code only for this Python and platform, "
            "and building it would run its code.",
            path=("allowScripts",),
            hint="Set allowScripts to true if you trust it, or choose another version.",
        )
    if _OTHER_PYTHON in text:
        error = install_failed(UV, source, lines)
        error.hint = "Choose another version, or set PYTHON_BIN to the Python that it wants."
        return error
    if _NO_PYTHON in text:
        return AppError(
            ErrorCode.INSTALL_FAILED,
            "The Python that PYTHON_BIN names cannot be found or does not run.",
            hint="Set it to the path of a Python interpreter.",
        )
    return install_failed(UV, source, [line for line in lines if not line.startswith("warning:")])


def is_unknown_name(source: PackageSource, lines: Sequence[str]) -> bool:
    """Whether uv says that no index has a package of that name."""
    said = f"{canonicalize_name(source.name)} was not found in the package registry"
    return any(said in line for line in lines)


def is_unsolved(lines: Sequence[str]) -> bool:
    """Whether uv got its answers, and no set of versions goes together."""
    return any("No solution found" in line for line in lines) and not _is_away(lines)


def is_no_such_version(lines: Sequence[str]) -> bool:
    """Whether uv found no version that is allowed, rather than none that fits this machine."""
    text = "\n".join(lines)
    return is_unsolved(lines) and _OTHER_PYTHON not in text and _NEEDS_BUILD.search(text) is None


def _is_away(lines: Sequence[str]) -> bool:
    """Whether an index was not reached or refused; uv may take its packages for missing ones."""
    return any(mark in line for line in lines for mark in _AWAY)


def _reason(lines: Sequence[str]) -> str:
    """The status an index refused with, else the innermost cause."""
    refused = next((m[0] for line in lines if (m := _REFUSED.search(line))), None)
    causes = [line.partition("cause:")[2].strip() for line in lines if "cause:" in line]
    return refused or (causes[-1] if causes else lines[-1] if lines else "no reason given")
