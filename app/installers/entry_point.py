"""How an installed npm package is started: from `bin`, then `main` (npm docs, package.json)."""

from pathlib import Path

from app.domain.errors import AppError, ErrorCode
from app.domain.server_rules import PACKAGE_DIR
from app.installers.json_file import read_json

NODE = "node"
SCRIPT_SUFFIXES = (".js", ".mjs", ".cjs")


def find_entry_point(folder: Path, name: str) -> tuple[str, tuple[str, ...]]:
    """The command and arguments that start the package, with `{packageDir}` for the folder.

    Raises:
        AppError: INSTALL_FAILED when the package names no program, or one outside itself.
    """
    package = folder / "node_modules" / name
    manifest = read_json(package / "package.json")
    relative = _from_bin(manifest, name) or _from_main(manifest, package)
    if relative is None:
        raise AppError(
            ErrorCode.INSTALL_FAILED,
            f"{name} has neither 'bin' nor a 'main' that exists, so it cannot be started.",
            hint="If it is an MCP server all the same, give command and args.",
        )
    script = (package / relative).resolve()
    if not script.is_relative_to(package.resolve()) or not script.is_file():
        raise AppError(
            ErrorCode.INSTALL_FAILED,
            f"{name} names {relative!r} as its program, which is not in it.",
        )
    placed = f"{PACKAGE_DIR}/{script.relative_to(folder.resolve())}"
    return (NODE, (placed,)) if _is_node_script(script) else (placed, ())


def _from_bin(manifest: dict[str, object], name: str) -> str | None:
    """The program of that name, else the only or first one."""
    programs = manifest.get("bin")
    if isinstance(programs, str):
        return programs
    if not isinstance(programs, dict):
        return None
    named = {str(k): v for k, v in programs.items() if isinstance(v, str)}
    own = named.get(name.rpartition("/")[2])
    return own if own is not None else next(iter(named.values()), None)


def _from_main(manifest: dict[str, object], package: Path) -> str | None:
    """`main` as Node resolves it: the file, with `.js`, or the folder's index.js."""
    main = manifest.get("main")
    wanted = main if isinstance(main, str) and main else "index.js"
    for candidate in (wanted, f"{wanted}.js", f"{wanted}/index.js"):
        if (package / candidate).is_file():
            return candidate
    return None


def _is_node_script(script: Path) -> bool:
    if script.suffix in SCRIPT_SUFFIXES:
        return True
    with script.open("rb") as file:
        first = file.readline(256)
    return first.startswith(b"#!") and b"node" in first
