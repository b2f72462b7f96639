"""How a Python package is started: its console script, its module, or what the caller names."""

from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import AppError, ErrorCode
from app.domain.package import PackageSource, Runtime
from app.installers.python_entry import find_python_entry

PYTHON = "{packageDir}/venv/bin/python"


def make(
    folder: Path, *, programs: dict[str, str] | None = None, files: tuple[str, ...] = ()
) -> None:
    """A venv with the distribution `My_Server`, as an installer leaves it (PyPA, Recording)."""
    site = folder / "venv" / "lib" / "python3.11" / "site-packages"
    info = site / "my_server-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: My_Server\nVersion: 1.0\n")
    entries = "".join(f"{name} = {target}\n" for name, target in (programs or {}).items())
    (info / "entry_points.txt").write_text(
        f"[console_scripts]\n{entries}\n[gui_scripts]\nwindow = m:w\n"
    )
    (info / "RECORD").write_text("".join(f"{file},,\n" for file in files))
    (folder / "venv" / "bin").mkdir()
    for program in (*(programs or {}), "python", "window", "other-program"):
        (folder / "venv" / "bin" / program).write_text("")


def source(**changes: Any) -> PackageSource:
    return PackageSource(name="my-server", runtime=Runtime.PYTHON, **changes)


def script(name: str) -> tuple[str, tuple[str, ...]]:
    return PYTHON, (f"{{packageDir}}/venv/bin/{name}",)


@pytest.mark.parametrize(
    ("programs", "chosen"),
    [
        (["anything"], "anything"),
        (["a", "my-server", "z"], "my-server"),
        (["a", "My_Server"], "My_Server"),
    ],
    ids=["only", "named-alike", "named-almost-alike"],
)
def test_the_only_program_or_the_one_named_like_the_package_is_started(
    tmp_path: Path, programs: list[str], chosen: str
) -> None:
    make(tmp_path, programs=dict.fromkeys(programs, "m:main"))
    assert find_python_entry(tmp_path, source()) == script(chosen)


@pytest.mark.parametrize(
    ("files", "module"),
    [
        (("my_server/__init__.py", "my_server/__main__.py"), "my_server"),
        (("a/b/__main__.py", "z/__main__.py"), "z"),
        (("space/my_server/__main__.py",), "space.my_server"),
    ],
)
def test_without_a_program_the_outermost_module_that_can_be_run_is(
    tmp_path: Path, files: tuple[str, ...], module: str
) -> None:
    make(tmp_path, files=files)
    assert find_python_entry(tmp_path, source()) == (PYTHON, ("-m", module))


@pytest.mark.parametrize(
    ("programs", "files", "words"),
    [
        ([], (), "has no program"),
        (["a", "b"], (), "has the programs a, b"),
        ([], ("__main__.py", "../x/__main__.py"), "has no program"),
    ],
    ids=["none", "several", "not-of-its-own"],
)
def test_a_package_of_which_it_is_not_known_is_refused(
    tmp_path: Path, programs: list[str], files: tuple[str, ...], words: str
) -> None:
    make(tmp_path, programs=dict.fromkeys(programs, "m:main"), files=files)
    with pytest.raises(AppError) as caught:
        find_python_entry(tmp_path, source())
    assert caught.value.code is ErrorCode.INSTALL_FAILED
    assert words in caught.value.message


def test_a_program_that_is_named_but_not_there_is_not_started(tmp_path: Path) -> None:
    make(tmp_path, programs={"gone": "m:main"}, files=("m/__main__.py",))
    (tmp_path / "venv/bin/gone").unlink()
    assert find_python_entry(tmp_path, source()) == (PYTHON, ("-m", "m"))


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("other-program", script("other-program")),
        ("python", (PYTHON, ())),
        ("uvx", ("uvx", ())),
        ("/usr/bin/env", ("/usr/bin/env", ())),
        ("{packageDir}/venv/bin/window", ("{packageDir}/venv/bin/window", ())),
        ("..", ("..", ())),
    ],
)
def test_a_command_is_taken_as_it_is_unless_it_is_a_program_of_the_venv(
    tmp_path: Path, command: str, expected: tuple[str, tuple[str, ...]]
) -> None:
    make(tmp_path, programs={"main": "m:main"})
    assert find_python_entry(tmp_path, source(command=command)) == expected


def test_a_module_of_the_callers_goes_before_the_program(tmp_path: Path) -> None:
    make(tmp_path, programs={"main": "m:main"})
    found = find_python_entry(tmp_path, source(python_module="a.b"))
    assert found == (PYTHON, ("-m", "a.b"))


def test_a_venv_without_the_package_is_damaged(tmp_path: Path) -> None:
    make(tmp_path)
    with pytest.raises(AppError) as caught:
        find_python_entry(tmp_path, PackageSource(name="another", runtime=Runtime.PYTHON))
    assert caught.value.code is ErrorCode.INSTALL_FAILED
