"""npm as this machine has it configured: how it is run."""

import shutil

from app.domain.errors import AppError, ErrorCode
from app.domain.package import PackageSource
from app.installers.tool import Tool
from app.processes.environment import installer_environment
from app.processes.spawner import Spawner

QUIET = ("--no-audit", "--no-fund", "--no-update-notifier", "--no-progress", "--color=false")

# npm's own pauses of 10 and 60 seconds are longer than a lookup may take.
RETRY_PAUSES = {
    "npm_config_fetch_retry_mintimeout": "1000",
    "npm_config_fetch_retry_maxtimeout": "5000",
}


def npm_for(source: PackageSource, spawner: Spawner, *, cwd: str, seconds: float) -> Tool:
    """Npm with its own configuration, and the source's registry before the operator's.

    Raises:
        AppError: INSTALL_FAILED when this machine has no npm.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise AppError(
            ErrorCode.INSTALL_FAILED,
            "npm is not installed on this machine.",
            hint="Install Node.js 20 or newer, which brings npm.",
        )
    own = installer_environment("npm_config_")
    set_already = {name.lower().replace("-", "_") for name in own}
    env = own | {k: v for k, v in RETRY_PAUSES.items() if k not in set_already}
    if source.registry is not None:
        env = {k: v for k, v in env.items() if k.lower() != "npm_config_registry"}
        env["npm_config_registry"] = source.registry
    return Tool.starting_now(spawner, npm, env=env, cwd=cwd, seconds=seconds)
