"""Servers, packages and secrets to store."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from app.domain.package import Package, PackageStatus, Runtime
from app.domain.server import Server, ServerSettings

# MongoDB keeps milliseconds.
NOW = datetime(2026, 5, 4, 3, 2, 1, 123000, tzinfo=UTC)


def settings(name: str = "s", **changes: Any) -> ServerSettings:
    return ServerSettings(**{"name": name, "command": "node", "env": {}, **changes})


def server(name: str = "s", **changes: Any) -> Server:
    fields: dict[str, Any] = {
        "settings": settings(name),
        "revision": uuid4().hex,
        "package_dir": None,
        "install_id": None,
        "tools": (),
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Server(**{**fields, **changes})


def package(server_name: str = "s", **changes: Any) -> Package:
    install_id = uuid4().hex
    fields: dict[str, Any] = {
        "server_name": server_name,
        "name": "mcp-hello-world",
        "requested_version": "latest",
        "version": None,
        "integrity": None,
        "runtime": Runtime.NODE,
        "status": PackageStatus.INSTALLING,
        "install_id": install_id,
        "install_dir": f"{server_name}/{install_id}",
        "lease_owner": "somebody/alive",
        "lease_expires_at": NOW + timedelta(seconds=60),
        "installed_at": None,
    }
    return Package(**{**fields, **changes})
