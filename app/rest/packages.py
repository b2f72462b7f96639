"""`/packages`."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from starlette.requests import Request
from starlette.responses import Response

from app.domain.errors import ErrorCode
from app.domain.package_record import Package
from app.edge.principal import principal_of
from app.rest.answers import Done, ServerAnswer
from app.rest.errors import INSTALLING, UPGRADING
from app.rest.operation import Operation
from app.rest.package_answers import (
    PackageAnswer,
    PackagesAnswer,
    PackageServerAnswer,
    UpdatesAnswer,
    UpgradeAnswer,
    UpgradesAnswer,
)
from app.rest.package_bodies import (
    InstallBody,
    PolicyBody,
    UpdateCheckQuery,
    UpdatesQuery,
    UpgradeBody,
)
from app.rest.parsing import deps_of, read_body, read_query
from app.rest.render import (
    diff_body,
    package_body,
    server_body,
    success,
    update_body,
    upgrade_result,
)
from app.services.install import install_package
from app.services.package_reads import get_package_by_name, list_all_packages, show_package
from app.services.package_work import cancel_package_operation
from app.services.packages import set_package_enabled, set_upgrade_policy
from app.services.replays import install_again
from app.services.servers import find_servers
from app.services.uninstall import uninstall_package
from app.services.updates import check_packages, check_updates, upgrade_all_packages
from app.services.upgrade import Upgrade, rollback_package, upgrade_package

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


@asynccontextmanager
async def install_again_of(request: Request) -> AsyncIterator[None]:
    """The gate of an install that comes again."""
    body = await read_body(request, InstallBody)
    async with install_again(deps_of(request), principal_of(request), body.request()):
        yield


async def list_packages(request: Request) -> Response:
    """`GET /packages`."""
    deps, caller = deps_of(request), principal_of(request)
    packages = await _checked(request, await list_all_packages(deps, caller))
    servers = await find_servers(deps, caller, [package.server_name for package in packages])
    return success(packages=[package_body(deps, p, servers.get(p.server_name)) for p in packages])


async def by_name(request: Request) -> Response:
    """`GET /packages/by-name/:name`."""
    deps, caller = deps_of(request), principal_of(request)
    return await _one(
        request, await get_package_by_name(deps, caller, _part(request, "package_name"))
    )


async def by_id(request: Request) -> Response:
    """`GET /packages/by-id/:serverName`."""
    deps, caller = deps_of(request), principal_of(request)
    return await _one(request, await show_package(deps, caller, _part(request, "server_name")))


async def updates(request: Request) -> Response:
    """`GET /packages/updates`."""
    deps, caller = deps_of(request), principal_of(request)
    found = await check_updates(deps, caller, read_query(request, UpdatesQuery).name)
    return success(updates=[update_body(update) for update in found])


async def upgrade(request: Request) -> Response:
    """`PUT /packages/:serverName/upgrade`."""
    body = await read_body(request, UpgradeBody, is_optional=True)
    deps, caller = deps_of(request), principal_of(request)
    wish = body.wish(_part(request, "server_name"))
    return _upgraded(request, await upgrade_package(deps, caller, wish))


async def rollback(request: Request) -> Response:
    """`PUT /packages/:serverName/rollback`."""
    deps, caller = deps_of(request), principal_of(request)
    done = await rollback_package(deps, caller, _part(request, "server_name"))
    return _upgraded(request, done)


async def upgrade_all(request: Request) -> Response:
    """`PUT /packages/upgrade-all`."""
    results = await upgrade_all_packages(deps_of(request), principal_of(request))
    return success(results=[upgrade_result(result) for result in results])


async def set_policy(request: Request) -> Response:
    """`PUT /packages/:serverName/policy`."""
    body = await read_body(request, PolicyBody)
    deps, caller, name = deps_of(request), principal_of(request), _part(request, "server_name")
    return await _one(request, await set_upgrade_policy(deps, caller, name, body.upgrade_policy))


async def cancel(request: Request) -> Response:
    """`PUT /packages/:serverName/cancel`."""
    deps, caller = deps_of(request), principal_of(request)
    await cancel_package_operation(deps, caller, _part(request, "server_name"))
    return success()


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
    (package,) = await _checked(request, [package])
    servers = await find_servers(deps, caller, [package.server_name])
    return success(package=package_body(deps, package, servers.get(package.server_name)))


async def _checked(request: Request, packages: Sequence[Package]) -> Sequence[Package]:
    """The packages, with what the registries say now if the query asks for that."""
    if not read_query(request, UpdateCheckQuery).check_updates:
        return packages
    found = await check_packages(deps_of(request), principal_of(request), packages)
    return [update.package for update in found]


def _upgraded(request: Request, done: Upgrade) -> Response:
    deps, caller = deps_of(request), principal_of(request)
    return success(
        package=package_body(deps, done.package, done.server),
        server=server_body(deps, caller, done.server),
        version=done.version,
        switched=done.is_switched,
        toolDiff=diff_body(done.diff),
    )


async def _set_enabled(request: Request, *, is_enabled: bool) -> Response:
    deps, caller, name = deps_of(request), principal_of(request), _part(request, "server_name")
    server = await set_package_enabled(deps, caller, name, is_enabled=is_enabled)
    return success(server=server_body(deps, caller, server))


def _part(request: Request, name: str) -> str:
    part: str = request.path_params[name]
    return part


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
        again=install_again_of,
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
        "GET", "/packages/updates", updates,
        id="checkUpdates",
        summary="What the registries have in place of what is installed",
        query=UpdatesQuery,
        answer=UpdatesAnswer,
        errors=UNKNOWN,
    ),
    Operation(
        "PUT", "/packages/upgrade-all", upgrade_all,
        id="upgradeAllPackages",
        summary="Upgrade every package",
        description="One that fails or is held stops no other.",
        answer=UpgradesAnswer,
    ),
    Operation(
        "PUT", "/packages/{server_name}/upgrade", upgrade,
        id="upgradePackage",
        summary="Upgrade a package, or bring it to a version",
        description="The new version is proved beside the old one, which serves until the "
        "switch. With `dryRun` nothing is switched; `approve` switches what is held.",
        body=UpgradeBody,
        is_body_required=False,
        answer=UpgradeAnswer,
        errors=UPGRADING,
    ),
    Operation(
        "PUT", "/packages/{server_name}/rollback", rollback,
        id="rollBackPackage",
        summary="Go back to the version before",
        answer=UpgradeAnswer,
        errors=UPGRADING,
    ),
    Operation(
        "PUT", "/packages/{server_name}/policy", set_policy,
        id="setUpgradePolicy",
        summary="Say whether upgrades that change or remove tools wait for approval",
        body=PolicyBody,
        answer=PackageAnswer,
        errors=UNKNOWN,
    ),
    Operation(
        "PUT", "/packages/{server_name}/cancel", cancel,
        id="cancelPackageOperation",
        summary="Cancel the install or upgrade that is under way",
        answer=Done,
        errors=[*UNKNOWN, ErrorCode.CONFLICT],
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
