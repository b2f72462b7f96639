"""`/mcp/servers`."""

from starlette.requests import Request
from starlette.responses import Response

from app.domain.errors import ErrorCode
from app.edge.principal import principal_of
from app.rest.answers import Done, ServerAnswer, ServersAnswer
from app.rest.operation import Operation
from app.rest.parsing import deps_of, read_body
from app.rest.render import server_body, success
from app.rest.server_bodies import AddServerBody, UpdateServerBody
from app.services.servers import (
    add_server,
    delete_server,
    list_all_servers,
    set_server_enabled,
    show_server,
    update_server,
)

UNKNOWN = (ErrorCode.SERVER_NOT_FOUND,)
CHANGING = (*UNKNOWN, ErrorCode.CONFLICT)


async def list_servers(request: Request) -> Response:
    """`GET /mcp/servers`."""
    deps, caller = deps_of(request), principal_of(request)
    servers = await list_all_servers(deps, caller)
    return success(servers=[server_body(deps, caller, server) for server in servers])


async def one(request: Request) -> Response:
    """`GET /mcp/servers/:name`."""
    deps, caller = deps_of(request), principal_of(request)
    server = await show_server(deps, caller, _name(request))
    return success(server=server_body(deps, caller, server))


async def add(request: Request) -> Response:
    """`POST /mcp/servers`."""
    deps, caller = deps_of(request), principal_of(request)
    body = await read_body(request, AddServerBody)
    server = await add_server(deps, caller, body.settings())
    return success(server=server_body(deps, caller, server))


async def update(request: Request) -> Response:
    """`PUT /mcp/servers/:name`."""
    deps, caller = deps_of(request), principal_of(request)
    body = await read_body(request, UpdateServerBody)
    server = await update_server(deps, caller, _name(request), body.changes())
    return success(server=server_body(deps, caller, server))


async def delete(request: Request) -> Response:
    """`DELETE /mcp/servers/:name`."""
    await delete_server(deps_of(request), principal_of(request), _name(request))
    return success()


async def enable(request: Request) -> Response:
    """`PUT /mcp/servers/:name/enable`."""
    return await _set_enabled(request, is_enabled=True)


async def disable(request: Request) -> Response:
    """`PUT /mcp/servers/:name/disable`."""
    return await _set_enabled(request, is_enabled=False)


async def _set_enabled(request: Request, *, is_enabled: bool) -> Response:
    deps, caller = deps_of(request), principal_of(request)
    server = await set_server_enabled(deps, caller, _name(request), is_enabled=is_enabled)
    return success(server=server_body(deps, caller, server))


def _name(request: Request) -> str:
    name: str = request.path_params["server_name"]
    return name


OPERATIONS = [
    Operation(
        "GET", "/mcp/servers", list_servers,
        id="listServers",
        summary="Every server",
        answer=ServersAnswer,
    ),
    Operation(
        "POST", "/mcp/servers", add,
        id="addServer",
        summary="Add a server",
        description="A program (`command`), or an address elsewhere (`transportType`, `url`).",
        body=AddServerBody,
        answer=ServerAnswer,
        errors=[ErrorCode.CONFLICT],
    ),
    Operation(
        "GET", "/mcp/servers/{server_name}", one,
        id="getServer",
        summary="One server",
        answer=ServerAnswer,
        errors=UNKNOWN,
    ),
    Operation(
        "PUT", "/mcp/servers/{server_name}", update,
        id="updateServer",
        summary="Change a server",
        description="What is left out or null stays; but `displayName`, `description`, "
        "`idleTimeout`, `maxConcurrentCalls` and `maxSessions` are reset by null.",
        body=UpdateServerBody,
        answer=ServerAnswer,
        errors=CHANGING,
    ),
    Operation(
        "DELETE", "/mcp/servers/{server_name}", delete,
        id="deleteServer",
        summary="Remove a server, and the users' secrets for it",
        description="One that a package is behind is removed by uninstalling the package.",
        answer=Done,
        errors=CHANGING,
    ),
    Operation(
        "PUT", "/mcp/servers/{server_name}/enable", enable,
        id="enableServer",
        summary="Let a server be called",
        answer=ServerAnswer,
        errors=CHANGING,
    ),
    Operation(
        "PUT", "/mcp/servers/{server_name}/disable", disable,
        id="disableServer",
        summary="Take a server out of service",
        answer=ServerAnswer,
        errors=CHANGING,
    ),
]  # fmt: skip
