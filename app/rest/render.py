"""From domain values to the documented JSON shapes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from starlette.responses import Response

from app.domain.delivery import SecretBinding
from app.domain.launch import StdioLaunch
from app.domain.package_record import Package
from app.domain.principal import Principal
from app.domain.server import Server, ServerSettings
from app.domain.tool import Tool
from app.domain.tool_diff import ToolDiff
from app.edge.envelope import json_response
from app.rest.access_body import access_body
from app.services.deps import Deps
from app.services.packages import view_package
from app.services.servers import server_logs, view_server
from app.services.tools import shown_tools
from app.services.updates import PackageUpdate, UpgradeResult, known_update

LOG_LINES = 100


def success(**content: object) -> Response:
    """`{success: true, …}`."""
    return json_response({"success": True, **content})


def server_body(deps: Deps, caller: Principal, server: Server) -> Mapping[str, Any]:
    """The documented Server, as far as the caller may know it."""
    view = view_server(deps, caller, server)
    settings = view.server.settings
    return {
        "name": server.name,
        "displayName": settings.display_name or server.name,
        "description": settings.description,
        "transportType": settings.transport.value,
        **_reached(view.program, settings),
        "secretNames": [binding.name for binding in settings.secrets],
        "secrets": [_secret_body(binding) for binding in settings.secrets],
        "masksResults": settings.masks_results,
        "status": view.status.value,
        "enabled": settings.is_enabled,
        "startupTimeout": _milliseconds(settings.startup_timeout_seconds),
        "callTimeout": _milliseconds(settings.call_timeout_seconds),
        "idleTimeout": _milliseconds(settings.idle_seconds),
        "isolation": settings.isolation.value,
        "maxConcurrentCalls": settings.max_concurrent_calls,
        "maxSessions": settings.max_sessions,
        "access": access_body(settings.access) if view.has_details else None,
        "toolsList": [tool_body(tool) for tool in shown_tools(server)],
        "logs": server_logs(deps, caller, server.name, LOG_LINES),
    }


def package_body(deps: Deps, package: Package, server: Server | None) -> Mapping[str, Any]:
    """The documented Package; `latestVersion` is null as long as nobody asked the registry."""
    view, update = view_package(deps, package), known_update(package)
    held = package.held
    return {
        "name": package.name,
        "version": package.version,
        "requestedVersion": package.source.version,
        "latestVersion": update.latest,
        "updateAvailable": update.is_available,
        "previousVersion": None if package.previous is None else package.previous.version,
        "heldVersion": None if held is None else held.build.version,
        "upgradePolicy": package.policy.value,
        "installPath": view.install_path,
        "status": view.status.value,
        **({} if view.error is None else {"error": view.error}),
        "installed": _iso(package.installed_at),
        "lastUpgraded": _iso(package.upgraded_at),
        "mcpServerId": package.server_name,
        "enabled": server is not None and server.settings.is_enabled,
        "runtime": package.runtime.value,
    }


def update_body(update: PackageUpdate) -> Mapping[str, Any]:
    """One of the documented updates; `error` where the registry has not answered."""
    return {
        "serverName": update.package.server_name,
        "currentVersion": update.package.version,
        "latestVersion": update.latest,
        "updateAvailable": update.is_available,
        **({} if update.error is None else {"error": update.error.sentence()}),
    }


def upgrade_result(result: UpgradeResult) -> Mapping[str, Any]:
    """One of the documented results of upgrading all."""
    error = result.error
    if error is None:
        return {"serverName": result.server_name, "success": True}
    return {
        "serverName": result.server_name,
        "success": False,
        "error": error.sentence(),
        "code": error.code.value,
    }


def diff_body(diff: ToolDiff | None) -> Mapping[str, Any] | None:
    """What an upgrade changes about the tools; null where that is not known."""
    if diff is None:
        return None
    changed = [
        {"name": c.name, "aspects": [a.value for a in c.aspects], "details": [*c.details]}
        for c in diff.changed
    ]
    return {
        "added": [*diff.added],
        "removed": [*diff.removed],
        "changed": changed,
        "breaking": diff.is_breaking,
    }


def tool_body(tool: Tool) -> Mapping[str, Any]:
    """The documented Tool."""
    optional = {
        "title": tool.title,
        "description": tool.description,
        "outputSchema": tool.output_schema,
        "annotations": tool.annotations,
    }
    given = {name: value for name, value in optional.items() if value is not None}
    return {"name": tool.name, "inputSchema": tool.input_schema, **given}


def _reached(program: StdioLaunch | None, settings: ServerSettings) -> Mapping[str, Any]:
    """A program's command, or a remote server's address."""
    if program is None:
        return {
            "url": settings.url,
            "headers": settings.headers,
            "allowsPrivateNetwork": settings.allows_private_network,
        }
    return {"command": program.command, "args": [*program.args], "env": program.env}


def _secret_body(binding: SecretBinding) -> Mapping[str, Any]:
    return {
        "name": binding.name,
        "delivery": binding.delivery.value,
        "target": binding.target,
        "template": binding.template,
        "required": binding.is_required,
        "description": binding.description,
    }


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
