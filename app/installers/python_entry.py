"""How an installed Python package is started, from the metadata of its distribution."""

from collections.abc import Sequence
from importlib.metadata import Distribution, distributions
from pathlib import Path, PurePosixPath

from packaging.utils import canonicalize_name

from app.domain.errors import AppError, ErrorCode
from app.domain.package import PackageSource
from app.domain.server_rules import PACKAGE_DIR

VENV = "venv"
BIN = f"{PACKAGE_DIR}/{VENV}/bin"
PYTHON = f"{BIN}/python"
# The entry points that become programs (PyPA, Entry points specification).
PROGRAMS = "console_scripts"


def find_python_entry(folder: Path, source: PackageSource) -> tuple[str, tuple[str, ...]]:
    """The command and arguments that start it, with `{packageDir}` for the folder.

    Its only console script, else the one named like the package, else `python -m` of a module
    of its own that has a `__main__`. A module or a command that the source names goes before;
    a command may be the name of a program of the package's environment.

    Raises:
        AppError: INSTALL_FAILED when the package names no program.
    """
    if source.python_module is not None:
        return PYTHON, ("-m", source.python_module)
    if source.command is not None:
        return _given(folder, source.command)
    package = _distribution(folder, source.name)
    programs = sorted({entry.name for entry in package.entry_points.select(group=PROGRAMS)})
    program = _choose(programs, source.name)
    if program is not None and (folder / VENV / "bin" / program).is_file():
        return PYTHON, (f"{BIN}/{program}",)
    module = _runnable_module(package)
    if module is not None:
        return PYTHON, ("-m", module)
    said = f"the programs {', '.join(programs)}" if programs else "no program"
    raise AppError(
        ErrorCode.INSTALL_FAILED,
        f"{source.name} has {said} and no module with a __main__, so it is not known how to "
        "start it.",
        hint="If it is an MCP server all the same, give pythonModule or command.",
    )


def _given(folder: Path, command: str) -> tuple[str, tuple[str, ...]]:
    """A bare name of a program in the package's environment means that one."""
    is_bare = "/" not in command and command not in (".", "..")
    if not is_bare or not (folder / VENV / "bin" / command).is_file():
        return command, ()
    if command.startswith("python"):
        return f"{BIN}/{command}", ()
    return PYTHON, (f"{BIN}/{command}",)


def _distribution(folder: Path, name: str) -> Distribution:
    places = [str(path) for path in (folder / VENV).glob("lib/python*/site-packages")]
    for found in distributions(name=name, path=places):
        return found
    raise AppError(ErrorCode.INSTALL_FAILED, f"uv installed {name}, but it left no metadata of it.")


def _choose(programs: Sequence[str], name: str) -> str | None:
    if len(programs) == 1:
        return programs[0]
    wanted = canonicalize_name(name)
    return next((p for p in programs if canonicalize_name(p) == wanted), None)


def _runnable_module(package: Distribution) -> str | None:
    """The outermost package with a `__main__.py`."""
    mains = [
        PurePosixPath(*file.parts).parent
        for file in package.files or ()
        if file.name == "__main__.py" and len(file.parts) > 1 and ".." not in file.parts
    ]
    outermost = min(mains, key=lambda place: (len(place.parts), str(place)), default=None)
    return None if outermost is None else ".".join(outermost.parts)
