"""How a package on disk is started: from `bin`, then `main`, and never from outside itself."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import AppError, ErrorCode
from app.installers.entry_point import find_entry_point

SHEBANG = "#!/usr/bin/env node\n"


def make(folder: Path, manifest: object, files: dict[str, str], name: str = "pkg") -> None:
    package = folder / "node_modules" / name
    package.mkdir(parents=True)
    (package / "package.json").write_text(
        manifest if isinstance(manifest, str) else json.dumps(manifest)
    )
    for path, text in files.items():
        (package / path).parent.mkdir(parents=True, exist_ok=True)
        (package / path).write_text(text)


def node(path: str, name: str = "pkg") -> tuple[str, tuple[str, ...]]:
    return "node", (f"{{packageDir}}/node_modules/{name}/{path}",)


@pytest.mark.parametrize(
    ("manifest", "files", "script"),
    [
        ({"bin": "cli.js"}, ["cli.js"], "cli.js"),
        ({"bin": "./dist/cli.js"}, ["dist/cli.js"], "dist/cli.js"),
        ({"bin": {"other": "o.js", "pkg": "p.js"}}, ["o.js", "p.js"], "p.js"),
        ({"bin": {"first": "a.js", "second": "b.js"}}, ["a.js", "b.js"], "a.js"),
        ({"bin": {"odd": 3, "good": "g.mjs"}}, ["g.mjs"], "g.mjs"),
        ({"bin": "cli.js", "main": "m.js"}, ["cli.js", "m.js"], "cli.js"),
        ({"bin": {}, "main": "m.js"}, ["m.js"], "m.js"),
        ({"bin": 3, "main": "m.js"}, ["m.js"], "m.js"),
        ({"main": "lib/m.cjs"}, ["lib/m.cjs"], "lib/m.cjs"),
        ({"main": "lib/m"}, ["lib/m.js"], "lib/m.js"),
        ({"main": "lib"}, ["lib/index.js"], "lib/index.js"),
        ({"main": ""}, ["index.js"], "index.js"),
        ({}, ["index.js"], "index.js"),
    ],
)
def test_a_script_is_found_and_run_with_node(
    tmp_path: Path, manifest: dict[str, Any], files: list[str], script: str
) -> None:
    make(tmp_path, manifest, dict.fromkeys(files, ""))
    assert find_entry_point(tmp_path, "pkg") == node(script)


def test_a_scoped_package_has_a_program_of_its_last_name(tmp_path: Path) -> None:
    manifest = {"bin": {"a": "a.js", "server": "s.js"}}
    make(tmp_path, manifest, {"a.js": "", "s.js": ""}, "@scope/server")
    assert find_entry_point(tmp_path, "@scope/server") == node("s.js", "@scope/server")


def test_a_script_without_suffix_is_known_by_its_first_line(tmp_path: Path) -> None:
    make(tmp_path, {"bin": "cli"}, {"cli": SHEBANG})
    assert find_entry_point(tmp_path, "pkg") == node("cli")


def test_another_program_is_run_as_it_is(tmp_path: Path) -> None:
    make(tmp_path, {"bin": "cli"}, {"cli": "#!/bin/sh\n"})
    assert find_entry_point(tmp_path, "pkg") == ("{packageDir}/node_modules/pkg/cli", ())


@pytest.mark.parametrize(
    ("manifest", "files"),
    [
        ({}, {}),
        ({"main": "gone.js"}, {}),
        ({"bin": "gone.js"}, {}),
        ({"bin": "../other/x.js"}, {}),
        ({"bin": "../../../x.js"}, {}),
        ({"bin": "/bin/sh"}, {}),
        ({"bin": "."}, {}),
        ({"main": "../other/x.js"}, {}),
        ("no json", {"index.js": ""}),
        ("[]", {"index.js": ""}),
    ],
)
def test_a_package_that_names_no_program_of_its_own_is_refused(
    tmp_path: Path, manifest: object, files: dict[str, str]
) -> None:
    make(tmp_path, {}, {"x.js": ""}, "other")
    (tmp_path / "x.js").write_text("")
    make(tmp_path, manifest, files)
    with pytest.raises(AppError) as caught:
        find_entry_point(tmp_path, "pkg")
    assert caught.value.code is ErrorCode.INSTALL_FAILED


def test_a_link_that_leads_out_of_the_package_is_refused(tmp_path: Path) -> None:
    make(tmp_path, {"bin": "cli.js"}, {})
    (tmp_path / "outside.js").write_text("")
    (tmp_path / "node_modules" / "pkg" / "cli.js").symlink_to(tmp_path / "outside.js")
    with pytest.raises(AppError) as caught:
        find_entry_point(tmp_path, "pkg")
    assert caught.value.code is ErrorCode.INSTALL_FAILED


def test_a_missing_package_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(AppError) as caught:
        find_entry_point(tmp_path, "pkg")
    assert caught.value.code is ErrorCode.INSTALL_FAILED
