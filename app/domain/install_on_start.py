"""`INSTALL_ON_START`: what a deployment installs by itself, once."""

from app.domain.errors import invalid
from app.domain.package import LATEST, InstallRequest, PackageSource, Runtime
from app.domain.server import DEFAULT_STARTUP_SECONDS

PYPI = "pypi:"
NAME = "INSTALL_ON_START"


def parse_install_on_start(text: str) -> tuple[InstallRequest, ...]:
    """What `package|serverName,…` asks for.

    A package may have a version behind an `@`, and `pypi:` before it when it is a Python one.

    Raises:
        AppError: INVALID_INPUT.
    """
    entries = [entry.strip() for entry in text.split(",") if entry.strip()]
    requests = tuple(_request(entry) for entry in entries)
    names = [request.server_name for request in requests]
    for name in names:
        if names.count(name) > 1:
            raise invalid(f"{NAME} has two packages for a server named {name!r}.", NAME)
    return requests


def _request(entry: str) -> InstallRequest:
    package, bar, server_name = (part.strip() for part in entry.partition("|"))
    if not bar or not package or not server_name:
        raise invalid(
            f"{NAME} must be like mcp-hello-world|hello,pypi:mcp-server-time|time; "
            f"{entry!r} is not.",
            NAME,
        )
    is_python = package.startswith(PYPI)
    name, at, version = package.removeprefix(PYPI).rpartition("@")
    if not name:  # no version, or the `@` of a scope
        name, version = at + version, ""
    return InstallRequest(
        source=PackageSource(
            name=name,
            runtime=Runtime.PYTHON if is_python else Runtime.NODE,
            version=version or LATEST,
        ),
        server_name=server_name,
        env={},
        startup_timeout_seconds=DEFAULT_STARTUP_SECONDS,
    )
