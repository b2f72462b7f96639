"""Which session serves a user with these secrets, and how it is launched."""

from typing import Any

import pytest

from app.domain.delivery import (
    Delivered,
    Delivery,
    SecretBinding,
    StoredSecret,
    bundle_secrets,
)
from app.domain.launch import HttpLaunch, StdioLaunch
from app.domain.server import (
    Isolation,
    Server,
    ServerSettings,
    Transport,
)
from app.domain.server_rules import needs_user, plan_session, resolve_launch
from app.domain.session import SessionPlan
from tests.domain.bindings import bound, stored
from tests.models.factories import server as any_server

ARGUMENT = Delivery.ARGUMENT
REMOTE = ServerSettings(
    name="s", transport=Transport.STREAMABLE_HTTP, url="http://h/mcp?a=1", headers={"X-A": "1"}
)


def stamp(*secrets: StoredSecret, declared: tuple[SecretBinding, ...] = (bound(),)) -> str:
    values = {secret.name: "value" for secret in secrets}
    return bundle_secrets("ada", declared, secrets, values).stamp


def test_a_stamp_changes_with_what_a_launch_carries_and_with_nothing_else() -> None:
    first = stamp(stored("key"))
    assert len(first) == 32
    assert stamp(stored("key")) == first
    assert stamp(stored("key", is_own=False)) == first
    assert stamp(stored("key"), stored("argument")) == first
    assert stamp(stored("key", "v2.y")) != first
    both = (bound(), bound("more"))
    assert stamp(stored("key"), declared=both) == first
    assert stamp(stored("more"), declared=both) != first
    assert stamp(stored("key"), stored("more"), declared=both) != first
    assert stamp(stored("more"), stored("key"), declared=both) == stamp(
        stored("key"), stored("more"), declared=both
    )
    assert stamp(stored("argument")) == stamp() == ""


@pytest.mark.parametrize(
    ("secrets", "is_own", "has_stamp"),
    [
        ([], False, False),
        ([stored("argument")], False, False),
        ([stored("key", is_own=False)], False, True),
        ([stored("key", is_own=False), stored("argument")], False, True),
        ([stored("key")], True, True),
        ([stored("key"), stored("more", is_own=False)], True, True),
    ],
)
def test_only_a_users_own_value_at_launch_makes_a_session_the_users_own(
    secrets: list[StoredSecret],
    is_own: bool,  # noqa: FBT001 - a column of the table
    has_stamp: bool,  # noqa: FBT001 - a column of the table
) -> None:
    declared = (bound(), bound("more"))
    bundle = bundle_secrets("ada", declared, secrets, {s.name: "value" for s in secrets})
    assert (bundle.is_own, bool(bundle.stamp)) == (is_own, has_stamp)
    plan = plan_of(
        bundle_secrets("ada", declared, secrets, {s.name: "" for s in secrets}), declared
    )
    assert plan.key.owner == ("ada" if is_own else None)
    assert plan.key.stamp == bundle.stamp
    assert plan.is_kept_alive is not has_stamp


def plan_of(bundle: Any, declared: tuple[SecretBinding, ...], **more: Any) -> SessionPlan:
    settings = ServerSettings(name="s", command="x", secrets=declared, **more)
    server: Server = any_server("s", settings=settings)
    return plan_session(server, resolve_launch(settings, None), bundle)


def test_a_server_that_is_isolated_has_a_session_for_each_user_all_the_same() -> None:
    bundle = bundle_secrets("ada", (), [], {})
    plan = plan_of(bundle, (), isolation=Isolation.PER_USER)
    assert (plan.key.owner, plan.key.stamp, plan.is_kept_alive) == ("ada", "", False)


@pytest.mark.parametrize(
    ("own", "idle", "seconds"),
    [(True, None, 300.0), (False, None, 3600.0), (True, 60.0, 60.0), (True, 9e4, 3600.0)],
)
def test_a_session_that_carries_secrets_ends_within_an_hour_of_its_last_call(
    own: bool,  # noqa: FBT001 - a column of the table
    idle: float | None,
    seconds: float,
) -> None:
    bundle = bundle_secrets("ada", [bound()], [stored("key", is_own=own)], {"key": "v"})
    assert plan_of(bundle, (bound(),), idle_seconds=idle).idle_seconds == seconds


def test_a_trial_of_a_server_that_needs_a_users_secrets_is_not_repeated() -> None:
    required = (bound(is_required=True),)
    assert needs_user(ServerSettings(name="s", command="x", secrets=required))
    assert not plan_of(None, required).is_kept_alive
    assert plan_of(None, (bound(),)).is_kept_alive
    argument = (bound(delivery=ARGUMENT, is_required=True),)
    assert plan_of(None, argument).is_kept_alive


def test_a_launch_has_the_values_where_they_belong() -> None:
    program = ServerSettings(name="s", command="x", env={"A": "declared", "B": "kept"})
    launch = resolve_launch(program, None, Delivered(environment={"A": "v"}, files={"F": "w"}))
    assert isinstance(launch, StdioLaunch)
    assert (launch.env, launch.files) == ({"A": "v", "B": "kept"}, {"F": "w"})
    remote = resolve_launch(REMOTE, None, Delivered(headers={"x-a": "v"}, query={"k": "a&b=c d"}))
    assert isinstance(remote, HttpLaunch)
    assert remote.headers == {"x-a": "v"}  # in place of the declared X-A
    assert remote.url == "http://h/mcp?a=1&k=a%26b%3Dc+d"
    again = resolve_launch(REMOTE, None, Delivered(query={"a": "2"}))
    assert isinstance(again, HttpLaunch)
    assert again.url == "http://h/mcp?a=2"
    assert resolve_launch(REMOTE, None) == resolve_launch(REMOTE, None, Delivered())
