"""The uv that this product brings along: how it is run."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from uv import find_uv_bin

from app.domain.errors import AppError, ErrorCode
from app.domain.package import PackageSource
from app.installers.tool import Tool
from app.processes.environment import installer_environment
from app.processes.spawner import Spawner

UV = "uv"
# Where uv looks for its own configuration and for credentials, besides HOME.
CONFIGURATION = ("XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "NETRC")
# What only publishing needs: nobody who installs is to have it.
NOT_FOR_INSTALLS = "UV_PUBLISH_"


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonSettings:
    """The operator's: the interpreter, the indexes where uv's own are not meant, uv's cache.

    The cache is on the disk of the packages, so that files can be linked from it.
    """

    python: str
    cache_dir: Path
    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()


def uv_for(
    source: PackageSource, spawner: Spawner, settings: PythonSettings, *, seconds: float
) -> Tool:
    """Uv with its own configuration, and the source's indexes before the operator's.

    It runs in the root folder: in any other it would read the configuration of a project there.

    Raises:
        AppError: INSTALL_FAILED when there is no uv.
    """
    try:
        program = find_uv_bin()
    except FileNotFoundError:
        raise AppError(
            ErrorCode.INSTALL_FAILED,
            "uv, which installs Python packages, is missing from this service's environment.",
            hint="Install this service again, with everything it depends on.",
        ) from None
    env = _environment(settings)
    index_url = source.index_url or settings.index_url
    if index_url is not None:
        env.pop("UV_INDEX_URL", None)
        env["UV_DEFAULT_INDEX"] = index_url
    extra: Sequence[str] = source.extra_index_urls or settings.extra_index_urls
    if extra:
        env.pop("UV_EXTRA_INDEX_URL", None)
        env["UV_INDEX"] = " ".join(extra)
    return Tool.starting_now(spawner, program, env=env, cwd="/", seconds=seconds)


def _environment(settings: PythonSettings) -> dict[str, str]:
    """Indexes go here and not into the arguments, which other users of the machine can read."""
    own = installer_environment("uv_", *CONFIGURATION)
    kept = {k: v for k, v in own.items() if not k.upper().startswith(NOT_FOR_INSTALLS)}
    defaults = {
        "UV_CACHE_DIR": str(settings.cache_dir),
        "UV_LINK_MODE": "hardlink",
        "UV_HTTP_RETRIES": "2",
    }
    fixed = {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
    return {**defaults, **kept, **fixed}
