"""Servers as data: what makes a new launch, and how placeholders are filled in."""

from typing import Any

import pytest

from app.domain.delivery import bindings_for
from app.domain.errors import AppError, ErrorCode
from app.domain.launch import StdioLaunch
from app.domain.server import (
    ServerChanges,
    ServerSettings,
    apply_changes,
    launch_changed,
    new_revision,
)
from app.domain.server_rules import check_settings, resolve_launch


def settings(**changes: Any) -> ServerSettings:
    return ServerSettings(**{"name": "s", "command": "node", "env": {"A": "1"}, **changes})


@pytest.mark.parametrize(
    ("changes", "is_new"),
    [
        ({}, False),
        ({"display_name": "S"}, False),
        ({"description": "words"}, False),
        ({"command": "deno"}, True),
        ({"args": ("x",)}, True),
        ({"env": {"A": "2"}}, True),
        ({"env": {}}, True),
        ({"cwd": "/tmp"}, True),
        ({"secrets": bindings_for(["key"])}, True),
        ({"masks_results": False}, False),
        ({"startup_timeout_seconds": 5.0}, True),
        ({"is_enabled": False}, True),
    ],
)
def test_everything_but_words_for_people_makes_a_new_launch(
    changes: dict[str, Any],
    is_new: bool,  # noqa: FBT001 - a column of the table
) -> None:
    assert launch_changed(settings(), settings(**changes)) is is_new


def test_placeholders_become_the_packages_folder_everywhere() -> None:
    launch = resolve_launch(
        settings(
            command="{packageDir}/bin/x",
            args=("{packageDir}/a", "--at={packageDir}:{packageDir}", "plain"),
            env={"HOME_OF": "{packageDir}"},
            cwd="{packageDir}",
            startup_timeout_seconds=3.0,
        ),
        "/data/p",
    )
    assert launch == StdioLaunch(
        command="/data/p/bin/x",
        args=("/data/p/a", "--at=/data/p:/data/p", "plain"),
        env={"HOME_OF": "/data/p"},
        cwd="/data/p",
        startup_timeout_seconds=3.0,
    )


def test_without_a_package_the_braces_stay() -> None:
    launch = resolve_launch(settings(args=("{packageDir}",)), None)
    assert isinstance(launch, StdioLaunch)
    assert (launch.args, launch.cwd) == (("{packageDir}",), None)


def test_only_given_fields_are_changed() -> None:
    before = settings(display_name="S", description="words", cwd="/tmp")
    after = apply_changes(before, ServerChanges(description=None, args=("x",)))
    assert after == settings(display_name="S", description=None, cwd="/tmp", args=("x",))
    assert apply_changes(before, ServerChanges()) == before


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"name": "a/b"}, ("name",)),
        ({"command": ""}, ("command",)),
        ({"command": "  "}, ("command",)),
        ({"command": "a\0b"}, ("command",)),
        ({"args": ("a\0b",)}, ("args", "0")),
        ({"env": {"LD_PRELOAD": "x"}}, ("env", "LD_PRELOAD")),
        ({"cwd": "\0"}, ("cwd",)),
        ({"display_name": "x" * 5000}, ("displayName",)),
        ({"description": "x" * 5000}, ("description",)),
        ({"secrets": bindings_for(["a", "1b"])}, ("secrets", "1", "name")),
        ({"secrets": bindings_for(["a", "a"])}, ("secrets", "1", "name")),
        ({"startup_timeout_seconds": 0.0}, ("startupTimeoutSeconds",)),
        ({"startup_timeout_seconds": 601.0}, ("startupTimeoutSeconds",)),
        ({"startup_timeout_seconds": float("nan")}, ("startupTimeoutSeconds",)),
    ],
)
def test_settings_that_cannot_be_launched_are_refused_by_field(
    changes: dict[str, Any], path: tuple[str, ...]
) -> None:
    check_settings(settings())
    with pytest.raises(AppError) as caught:
        check_settings(settings(**changes))
    assert (caught.value.code, caught.value.path) == (ErrorCode.INVALID_INPUT, path)


def test_no_two_revisions_are_equal() -> None:
    assert len({new_revision() for _ in range(100)}) == 100
