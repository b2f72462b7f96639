"""`/packages`."""

from starlette.requests import Request
from starlette.responses import Response

from app.domain.errors import ErrorCode, invalid
from app.domain.package import Package
from app.edge.principal import principal_of
from app.rest.answers import (
    Done,
    PackageAnswer,
    PackagesAnswer,
    PackageServerAnswer,
    ServerAnswer,
)
from app.rest.bodies import InstallBody, UpdateCheckQuery
from app.rest.errors import INSTALLING
from app.rest.operation import Operation
from app.rest.parsing import deps_of, read_body, read_query
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

UNKNOWN = (ErrorCode.PACKAGE_NOT_FOUND,)
CHANGING = (*UNKNOWN, ErrorCode.SERVER_NOT_FOUND, ErrorCode.CONFLICT)


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
    name = _part(request, "package_name")
    return await _one(request, await get_package_by_name(deps, caller, name))


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
    if read_query(request, UpdateCheckQuery).check_updates:
        raise invalid(
            "checkUpdates is not available in this version.",
            hint="Leave it out; version is what is installed.",
        )


OPERATIONS = [
    Operation(
        "POST", "/packages/install", install,
        id="installPackage",
        summary="Install a package, and make a server of it",
        description="It is fetched and started once to prove that it works, and only then "
        "switched in. Of an install that fails nothing is left.",
        body=InstallBody,
        answer=PackageServerAnswer,
        errors=INSTALLING,
        keeps_answers=True,
    ),
    Operation(
        "GET", "/packages", list_packages,
        id="listPackages",
        summary="Every package",
        query=UpdateCheckQuery,
        answer=PackagesAnswer,
    ),
    Operation(
        "GET", "/packages/by-name/{package_name:path}", by_name,
        id="getPackageByName",
        summary="A package by its name in the registry",
        description="A scoped name may come encoded (`%2F`) or with its slash.",
        query=UpdateCheckQuery,
        answer=PackageAnswer,
        errors=UNKNOWN,
    ),
    Operation(
        "GET", "/packages/by-id/{server_name}", by_id,
        id="getPackageByServer",
        summary="The package behind a server",
        query=UpdateCheckQuery,
        answer=PackageAnswer,
        errors=UNKNOWN,
    ),
    Operation(
        "DELETE", "/packages/{server_name}", uninstall,
        id="uninstallPackage",
        summary="Remove a package: its files, its server and the users' secrets for it",
        answer=Done,
        errors=CHANGING,
    ),
    Operation(
        "PUT", "/packages/{server_name}/enable", enable,
        id="enablePackage",
        summary="Let a package's server be called",
        answer=ServerAnswer,
        errors=CHANGING,
    ),
    Operation(
        "PUT", "/packages/{server_name}/disable", disable,
        id="disablePackage",
        summary="Take a package's server out of service",
        answer=ServerAnswer,
        errors=CHANGING,
    ),
]  # fmt: skip
