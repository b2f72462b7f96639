"""Servers, packages and secrets to store."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from app.domain.package import PackageSource
from app.domain.package_record import Package, PackageBuild, PackageStatus
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


def build(server_name: str = "s", version: str = "1.1.2", **changes: Any) -> PackageBuild:
    fields: dict[str, Any] = {
        "install_dir": f"{server_name}/{uuid4().hex}",
        "source": PackageSource(name="mcp-hello-world"),
        "version": version,
        "integrity": f"sha512-{version}",
        "command": "node",
        "args": ("{packageDir}/index.js",),
    }
    return PackageBuild(**{**fields, **changes})


def package(server_name: str = "s", **changes: Any) -> Package:
    """A package that is being installed."""
    fields: dict[str, Any] = {
        "server_name": server_name,
        "source": PackageSource(name="mcp-hello-world"),
        "status": PackageStatus.INSTALLING,
        "install_id": uuid4().hex,
        "work_dir": f"{server_name}/{uuid4().hex}",
        "lease_owner": "somebody/alive",
        "lease_expires_at": NOW + timedelta(seconds=60),
    }
    return Package(**{**fields, **changes})


def installed(server_name: str = "s", **changes: Any) -> Package:
    """A package that serves."""
    fields: dict[str, Any] = {
        "status": PackageStatus.INSTALLED,
        "build": build(server_name),
        "work_dir": None,
        "lease_owner": None,
        "lease_expires_at": None,
        "installed_at": NOW,
    }
    return package(server_name, **{**fields, **changes})
