"""`/mcp/servers`."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.edge.principal import principal_of
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
    name: str = request.path_params["name"]
    return name


ROUTES = [
    Route("/mcp/servers", list_servers, methods=["GET"]),
    Route("/mcp/servers", add, methods=["POST"]),
    Route("/mcp/servers/{name}", one, methods=["GET"]),
    Route("/mcp/servers/{name}", update, methods=["PUT"]),
    Route("/mcp/servers/{name}", delete, methods=["DELETE"]),
    Route("/mcp/servers/{name}/enable", enable, methods=["PUT"]),
    Route("/mcp/servers/{name}/disable", disable, methods=["PUT"]),
]
