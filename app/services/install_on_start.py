"""Installing what a deployment is to begin with; what people did since then counts more."""

import logging
from collections.abc import Sequence

from app.domain.errors import AppError, ErrorCode
from app.domain.package import InstallRequest
from app.services.deps import Deps
from app.services.install import check_install, claim_and_install

log = logging.getLogger(__name__)


async def install_on_start(deps: Deps, requests: Sequence[InstallRequest]) -> None:
    """Install each of them, one after the other, whose server name is not in use.

    One that a person has uninstalled stays so; one that fails is tried again at the next start.
    """
    for request in requests:
        name = request.server_name
        if await _is_settled(deps, name):
            continue
        try:
            check_install(deps, request)
            package, _ = await claim_and_install(deps, request)
        except AppError as error:
            is_there = error.code is ErrorCode.CONFLICT  # another replica does it
            log.log(
                logging.INFO if is_there else logging.WARNING,
                "INSTALL_ON_START: server %r was not installed: %s",
                name, error.sentence(),
            )  # fmt: skip
        else:
            log.info("INSTALL_ON_START: %s %s is server %r.", package.name, package.version, name)


async def _is_settled(deps: Deps, server_name: str) -> bool:
    if await deps.servers.find(server_name) is not None:
        return True
    return await deps.removed_packages.has(server_name)
