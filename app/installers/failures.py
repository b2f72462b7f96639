"""The errors that installers raise, worded once for both ecosystems."""

import re
from collections.abc import Sequence

from app.domain.errors import AppError, ErrorCode
from app.domain.package import PackageSource

LAST_LINES = 8
MOST_WORDS = 1500
# The user and password of an address (RFC 3986, section 3.2.1).
_CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+@")


def package_not_found(source: PackageSource, registry: str) -> AppError:
    """The registry does not know the package."""
    return AppError(
        ErrorCode.PACKAGE_NOT_FOUND,
        f"{registry} has no package {source.name!r}.",
        path=("packageName",),
        hint="Check the spelling, and for npm the scope.",
    )


def version_not_found(source: PackageSource, nearest: Sequence[str]) -> AppError:
    """The registry knows the package, but nothing that `version` allows."""
    if not nearest:
        hint = "Its registry names no other version either."
    elif len(nearest) == 1:
        hint = f"The nearest is {nearest[0]}."
    else:
        hint = f"The nearest are {', '.join(nearest)}."
    return AppError(
        ErrorCode.VERSION_NOT_FOUND,
        f"{source.name} has no version {source.version!r}.",
        path=("version",),
        hint=hint,
    )


def registry_unavailable(tool: str, why: str) -> AppError:
    """The registry cannot be reached, or does not answer as one."""
    return AppError(
        ErrorCode.REGISTRY_UNAVAILABLE,
        f"{tool} cannot get an answer from its registry ({without_credentials(why)}).",
        hint=f"Check the network, the proxy and {tool}'s configuration, then try again.",
    )


def unanswered(tool: str, seconds: float) -> AppError:
    """The registry has not told what was asked, in all the time there was."""
    return registry_unavailable(tool, f"none within {seconds:g} s")


def install_failed(tool: str, source: PackageSource, lines: Sequence[str]) -> AppError:
    """Anything else, in the installer's own last words."""
    words = without_credentials(" | ".join(lines[-LAST_LINES:]))[-MOST_WORDS:]
    return AppError(
        ErrorCode.INSTALL_FAILED,
        f"{tool} could not install {source.name} {source.version}: {words}",
    )


def too_slow(tool: str, source: PackageSource, seconds: float) -> AppError:
    """The deadline has passed."""
    return AppError(
        ErrorCode.INSTALL_FAILED,
        f"{tool} did not finish with {source.name} {source.version} within {seconds:g} s.",
        hint="INSTALL_TIMEOUT_SECONDS sets how long it may take.",
    )


def warned(tool: str, warnings: Sequence[str]) -> AppError:
    """The installer warned, and the caller wants that to be a failure."""
    words = without_credentials(" | ".join(warnings))[:MOST_WORDS]
    return AppError(ErrorCode.INSTALL_FAILED, f"{tool} warned, and failOnWarning is set: {words}")


def without_credentials(text: str) -> str:
    """The text with the user and password of every address in it left out."""
    return _CREDENTIALS.sub("", text)
