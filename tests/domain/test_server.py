"""Servers as data: what makes a new launch, and how placeholders are filled in."""

from typing import Any

import pytest

from app.domain.delivery import bindings_for, bundle_secrets
from app.domain.errors import AppError, ErrorCode
from app.domain.launch import HttpLaunch, StdioLaunch
from app.domain.server import (
    Isolation,
    ServerChanges,
    ServerSettings,
    Transport,
    apply_changes,
    launch_changed,
    new_revision,
)
from app.domain.server_rules import check_settings, plan_session, resolve_launch
from tests.models.factories import server

REMOTE: dict[str, Any] = {
    "transport": Transport.STREAMABLE_HTTP, "command": None, "env": {}, "url": "https://x:8/mcp?a=b",
}  # fmt: skip
ODD_URLS = (
    None, "", "x", "/mcp", "//x/mcp", "ftp://x/y", "http://", "http:///x", "http://x:0/",
    "http://x:99999/", "http://[/", "http://u:p@x/", "http://u@x/", "http://x/#a", "http://x/a b",
    "http://ä/", "http://x/\n", "file:///etc/passwd", "http://x/" + "y" * 5000,
)  # fmt: skip
ODD_HEADERS = ("", "a b", "a:b", "ä", "Host", "content-LENGTH", "Mcp-Session-Id", "x" * 129)


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
        ({"headers": {"X": "y"}}, True),
        ({"isolation": Isolation.PER_USER}, True),
        ({"max_sessions": 2}, True),
        ({"call_timeout_seconds": 5.0}, False),
        ({"longest_call_seconds": 5.0}, False),
        ({"checks_arguments": False}, False),
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
        ({"name": "a/b"}, ("serverName",)),
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
        ({"call_timeout_seconds": 0.0}, ("callTimeoutSeconds",)),
        ({"call_timeout_seconds": 3600.1}, ("callTimeoutSeconds",)),
        ({"longest_call_seconds": 0.0}, ("longestCallSeconds",)),
        ({"idle_seconds": 0.0}, ("idleSeconds",)),
        ({"idle_seconds": 31 * 86400.0}, ("idleSeconds",)),
        ({"max_concurrent_calls": 0}, ("maxConcurrentCalls",)),
        ({"max_sessions": 10_001}, ("maxSessions",)),
        ({"url": "http://x"}, ("url",)),
        ({"headers": {"X": "y"}}, ("headers",)),
        ({"transport": Transport.SSE, "url": "http://x"}, ("command",)),
        ({**REMOTE, "env": {"A": "1"}}, ("env",)),
        ({**REMOTE, "cwd": "/tmp"}, ("cwd",)),
        *(({**REMOTE, "url": url}, ("url",)) for url in ODD_URLS),
        *(({**REMOTE, "headers": {name: "v"}}, ("headers",)) for name in ODD_HEADERS),
        *(({**REMOTE, "headers": {"X-A": v}}, ("headers", "X-A")) for v in ("a\nb", "ä", "\0")),
        ({"startup_timeout_seconds": float("nan")}, ("startupTimeoutSeconds",)),
    ],
)
def test_settings_that_cannot_be_launched_are_refused_by_field(
    changes: dict[str, Any], path: tuple[str, ...]
) -> None:
    check_settings(settings())
    check_settings(settings(**REMOTE))
    with pytest.raises(AppError) as caught:
        check_settings(settings(**changes))
    assert (caught.value.code, caught.value.path) == (ErrorCode.INVALID_INPUT, path)


def test_no_two_revisions_are_equal() -> None:
    assert len({new_revision() for _ in range(100)}) == 100


def test_a_server_elsewhere_is_launched_by_its_address() -> None:
    launch = resolve_launch(settings(**REMOTE, headers={"X": "{packageDir}"}), None)
    assert launch == HttpLaunch(
        url="https://x:8/mcp?a=b", headers={"X": "{packageDir}"}, startup_timeout_seconds=30.0
    )
    launch = resolve_launch(settings(**{**REMOTE, "transport": Transport.SSE}), None)
    assert isinstance(launch, HttpLaunch)
    assert launch.is_sse_only


def test_a_new_transport_drops_what_the_old_one_needed() -> None:
    before = settings(args=("x",), cwd="/tmp", display_name="S", max_sessions=3)
    moved = ServerChanges(transport=Transport.SSE, url="http://x/")
    after = apply_changes(before, moved)
    assert after == settings(
        transport=Transport.SSE, url="http://x/", command=None, env={}, display_name="S",
        max_sessions=3,
    )  # fmt: skip
    again = apply_changes(after, ServerChanges(transport=Transport.SSE))
    assert again == after


def test_one_transport_over_http_keeps_the_address_of_the_other() -> None:
    before = settings(**REMOTE)
    after = apply_changes(before, ServerChanges(transport=Transport.SSE))
    assert (after.url, after.headers) == (before.url, before.headers)


@pytest.mark.parametrize("cwd", ["", "relative", "./here", "~"])
def test_a_folder_that_is_not_absolute_is_refused(cwd: str) -> None:
    with pytest.raises(AppError) as caught:
        check_settings(settings(cwd=cwd))
    assert (caught.value.message, caught.value.path) == ("cwd must be an absolute path.", ("cwd",))


@pytest.mark.parametrize(
    ("isolation", "username", "idle", "planned"),
    [
        (Isolation.SHARED, "ada", None, (None, True, None)),
        (Isolation.SHARED, None, 9.0, (None, True, 9.0)),
        (Isolation.PER_USER, "ada", None, ("ada", False, 300.0)),
        (Isolation.PER_USER, "ada", 9.0, ("ada", False, 9.0)),
        (Isolation.PER_USER, None, 9.0, (None, True, 1.0)),
    ],
)
def test_whose_session_serves_a_user_and_for_how_long(
    isolation: Isolation, username: str | None, idle: float | None, planned: object
) -> None:
    wanted = server(settings=settings(isolation=isolation, idle_seconds=idle))
    secrets = None if username is None else bundle_secrets(username, (), (), {})
    plan = plan_session(wanted, resolve_launch(wanted.settings, None), secrets)
    assert (plan.key.server_name, plan.key.revision) == ("s", wanted.revision)
    assert (plan.key.owner, plan.is_kept_alive, plan.idle_seconds) == planned
