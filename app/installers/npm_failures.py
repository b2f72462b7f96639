"""What npm's failures come to."""

from collections.abc import Sequence

from app.domain.errors import AppError
from app.domain.package import PackageSource
from app.installers.failures import (
    install_failed,
    package_not_found,
    registry_unavailable,
)

NPM = "npm"
REGISTRY = "The npm registry"
# npm's own names for what went wrong, as it prints them after "npm error code".
NETWORK_CODES = (
    "ENOTFOUND", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EAI_AGAIN", "ERR_SOCKET_TIMEOUT",
    "CERT_", "UNABLE_TO_", "SELF_SIGNED_", "DEPTH_ZERO_", "ERR_TLS_", "EPROTO", "EHOSTUNREACH",
    "ENETUNREACH", "FETCH_ERROR", "E401", "E403", "E407", "E429", "E500", "E502", "E503", "E504",
)  # fmt: skip
NOT_FOUND = "E404"
NO_SUCH_VERSION = "ETARGET"


def why_npm_failed(source: PackageSource, code: str, lines: Sequence[str]) -> AppError:
    """The error for npm's code; its words go in where the code is none of the known ones."""
    errors = [line for line in lines if line.startswith(("npm error", "npm ERR!"))]
    if code == NOT_FOUND and is_about(source, errors):
        return package_not_found(source, REGISTRY)
    if code.startswith(NETWORK_CODES):
        return registry_unavailable(NPM, code)
    return install_failed(NPM, source, errors or lines)


def is_about(source: PackageSource, lines: Sequence[str]) -> bool:
    """Whether npm speaks of the package itself, and not of one that it needs."""
    marks = (f"'{source.name}@", f" {source.name}@", f"/{source.name.replace('/', '%2f')} ")
    return any(mark in f"{line} " for line in lines for mark in marks)


def error_code(lines: Sequence[str]) -> str:
    """The word after `npm error code`, or an empty text."""
    for line in lines:
        words = line.replace("npm ERR!", "npm error").split()
        if words[:3] == ["npm", "error", "code"] and len(words) > 3:
            return words[3]
    return ""
