"""`/packages`."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.domain.errors import invalid
from app.domain.package import Package
from app.edge.principal import principal_of
from app.rest.bodies import InstallBody
from app.rest.parsing import deps_of, read_body
from app.rest.render import package_body, server_body, success
from app.services.packages import (
    get_package_by_name,
    install_package,
    list_all_packages,
    set_package_enabled,
    show_package,
    uninstall_package,
)
from app.services.servers import find_servers


async def install(request: Request) -> Response:
    """`POST /packages/install`."""
    deps, caller = deps_of(request), principal_of(request)
    body = await read_body(request, InstallBody)
    package, server = await install_package(deps, caller, body.request())
    return success(
        package=package_body(deps, package, server), server=server_body(deps, caller, server)
    )


async def list_packages(request: Request) -> Response:
    """`GET /packages`."""
    _refuse_update_check(request)
    deps, caller = deps_of(request), principal_of(request)
    packages = await list_all_packages(deps, caller)
    servers = await find_servers(deps, caller, [package.server_name for package in packages])
    return success(packages=[package_body(deps, p, servers.get(p.server_name)) for p in packages])


async def by_name(request: Request) -> Response:
    """`GET /packages/by-name/:name`."""
    _refuse_update_check(request)
    deps, caller = deps_of(request), principal_of(request)
    return await _one(request, await get_package_by_name(deps, caller, _part(request, "name")))


async def by_id(request: Request) -> Response:
    """`GET /packages/by-id/:serverName`."""
    _refuse_update_check(request)
    deps, caller = deps_of(request), principal_of(request)
    return await _one(request, await show_package(deps, caller, _part(request, "server_name")))


async def uninstall(request: Request) -> Response:
    """`DELETE /packages/:serverName`."""
    deps, caller = deps_of(request), principal_of(request)
    await uninstall_package(deps, caller, _part(request, "server_name"), keep_secrets=False)
    return success()


async def enable(request: Request) -> Response:
    """`PUT /packages/:serverName/enable`."""
    return await _set_enabled(request, is_enabled=True)


async def disable(request: Request) -> Response:
    """`PUT /packages/:serverName/disable`."""
    return await _set_enabled(request, is_enabled=False)


async def _one(request: Request, package: Package) -> Response:
    deps, caller = deps_of(request), principal_of(request)
    servers = await find_servers(deps, caller, [package.server_name])
    return success(package=package_body(deps, package, servers.get(package.server_name)))


async def _set_enabled(request: Request, *, is_enabled: bool) -> Response:
    deps, caller, name = deps_of(request), principal_of(request), _part(request, "server_name")
    server = await set_package_enabled(deps, caller, name, is_enabled=is_enabled)
    return success(server=server_body(deps, caller, server))


def _part(request: Request, name: str) -> str:
    part: str = request.path_params[name]
    return part


def _refuse_update_check(request: Request) -> None:
    if request.query_params.get("checkUpdates") == "true":
        raise invalid(
            "checkUpdates is not available in this version.",
            hint="Leave it out; version is what is installed.",
        )


ROUTES = [
    Route("/packages/install", install, methods=["POST"]),
    Route("/packages", list_packages, methods=["GET"]),
    Route("/packages/by-name/{name:path}", by_name, methods=["GET"]),
    Route("/packages/by-id/{server_name}", by_id, methods=["GET"]),
    Route("/packages/{server_name}", uninstall, methods=["DELETE"]),
    Route("/packages/{server_name}/enable", enable, methods=["PUT"]),
    Route("/packages/{server_name}/disable", disable, methods=["PUT"]),
]
