"""Who shares a session with whom, and how many there may be."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import AppError, ErrorCode
from app.domain.seen_secrets import RecentSecrets
from app.domain.session import SessionPlan, SessionState
from app.processes.private_files import PrivateFiles
from app.processes.spawner import Spawner
from app.sessions.registry import SessionRegistry
from app.sessions.slots import SessionLimits
from tests.sessions.conftest import Heard
from tests.subjects import FINGERPRINT, launch, plan, subject, text_of
from tests.waiting import until

CAP = 10


@pytest.fixture
async def small(
    spawner: Spawner, files: PrivateFiles, seen: RecentSecrets, heard: Heard
) -> AsyncIterator[SessionRegistry]:
    """A registry with room for two sessions, and little patience."""
    limits = SessionLimits(total=2, per_server=2, per_user=2, waiting=3, wait_seconds=0.3)
    registry = SessionRegistry(
        spawner=spawner, files=files, seen=seen, on_tools=heard.on_tools, limits=limits
    )
    yield registry
    await registry.close()


@pytest.fixture
async def patient(
    spawner: Spawner, files: PrivateFiles, seen: RecentSecrets, heard: Heard
) -> AsyncIterator[SessionRegistry]:
    """A registry whose calls wait for as long as a busy machine takes."""
    limits = SessionLimits(wait_seconds=300)
    registry = SessionRegistry(
        spawner=spawner, files=files, seen=seen, on_tools=heard.on_tools, limits=limits
    )
    yield registry
    await registry.close()


def own(name: str, **more: Any) -> SessionPlan:
    how = launch(FINGERPRINT, env={"API_KEY": f"key-of-{name}"})
    return plan(how, owner=name, **more)


async def key_of(registry: SessionRegistry, how: SessionPlan) -> str:
    async with registry.use(how) as session:
        answer = json.loads(text_of(await session.call_tool("environment", {})))
    key = answer["API_KEY"]
    assert isinstance(key, str)
    return key


async def test_a_hundred_users_get_their_own_process_and_never_more_than_ten_live(
    patient: SessionRegistry,
) -> None:
    users = [f"user-{number}" for number in range(100)]
    most = 0

    async def call(user: str) -> None:
        nonlocal most
        for _ in range(3):
            assert await key_of(patient, own(user, max_sessions=CAP)) == f"key-of-{user}"
            most = max(most, sum(v.pid is not None for v in patient.views()))

    await asyncio.gather(*(call(user) for user in users))
    assert 1 < most <= CAP


async def test_one_users_sessions_are_no_other_users(registry: SessionRegistry) -> None:
    ada, bob = own("ada"), own("bob")
    async with registry.use(ada) as hers, registry.use(bob) as his, registry.use(ada) as again:
        assert hers is again
        assert hers is not his
        assert {v.key.owner for v in registry.views()} == {"ada", "bob"}


async def test_what_a_users_own_session_writes_is_in_no_common_log(
    registry: SessionRegistry,
) -> None:
    async with registry.use(own("ada")) as session:
        with pytest.raises(AppError):
            await session.call_tool("leak", {"city": "words of ada"})
        await until(lambda: registry.views()[0].stderr)
    assert registry.logs("s", 100) == []


async def test_under_pressure_the_session_used_longest_ago_ends(small: SessionRegistry) -> None:
    for name in ("ada", "bob", "ada", "cy"):
        assert await key_of(small, own(name)) == f"key-of-{name}"
    live = {(v.key.owner, v.state) for v in small.views()}
    assert live == {("ada", SessionState.READY), ("cy", SessionState.READY)}


async def test_without_room_a_call_waits_a_while_and_is_told(small: SessionRegistry) -> None:
    async with small.use(own("ada")), small.use(own("bob")):
        with pytest.raises(AppError) as caught:
            await key_of(small, own("cy"))
    assert caught.value.code is ErrorCode.SESSION_LIMIT
    assert caught.value.message == (
        "No more sessions of server 's' may be started, and none has ended within 0.3 s."
    )
    assert await key_of(small, own("cy")) == "key-of-cy"


async def test_not_more_than_so_many_calls_wait(small: SessionRegistry) -> None:
    async with small.use(own("ada")), small.use(own("bob")):
        calls = [key_of(small, own(f"late-{number}")) for number in range(6)]
        errors = await asyncio.gather(*calls, return_exceptions=True)
    words = [str(error).partition(", and ")[2] for error in errors]
    assert (
        sorted(words) == ["3 calls are waiting already."] * 3 + ["none has ended within 0.3 s."] * 3
    )


async def test_a_call_that_waits_gets_the_room_another_leaves(small: SessionRegistry) -> None:
    async with small.use(own("bob")):
        async with small.use(own("ada")):
            waiting = asyncio.create_task(key_of(small, own("cy")))
            await until(lambda: any(v.key.owner == "cy" for v in small.views()))
        assert await waiting == "key-of-cy"
        assert {v.key.owner for v in small.views() if v.pid} == {"bob", "cy"}


async def test_a_user_has_a_cap_over_all_servers(
    spawner: Spawner, files: PrivateFiles, seen: RecentSecrets, heard: Heard
) -> None:
    limits = SessionLimits(per_user=1, wait_seconds=0.2)
    registry = SessionRegistry(
        spawner=spawner, files=files, seen=seen, on_tools=heard.on_tools, limits=limits
    )
    async with registry.use(own("ada")), registry.use(own("bob")):
        with pytest.raises(AppError) as caught:
            async with registry.use(plan(subject(), revision="other", owner="ada")):
                pass
    assert caught.value.code is ErrorCode.SESSION_LIMIT
    await registry.close()


async def test_calls_beyond_a_servers_limit_take_turns(
    registry: SessionRegistry, record: Path
) -> None:
    how = plan(subject("counts", record), max_concurrent_calls=2)
    async with registry.use(how) as session:
        answers = await asyncio.gather(
            *(session.call_tool("at-work", {"seconds": 0.05}) for _ in range(8))
        )
    assert max(int(text_of(answer)) for answer in answers) == 2


async def test_starts_at_the_same_time_are_bounded(
    spawner: Spawner, files: PrivateFiles, seen: RecentSecrets, heard: Heard, record: Path
) -> None:
    limits = SessionLimits(starts_at_once=2)
    registry = SessionRegistry(
        spawner=spawner, files=files, seen=seen, on_tools=heard.on_tools, limits=limits
    )
    for name in ("a", "b", "c", "d"):
        registry.keep(plan(subject("hangs", record), owner=None, revision=name))
    await until(lambda: sum(v.pid is not None for v in registry.views()) == 2)
    assert len(registry.views()) == 4
    await registry.close()


async def test_only_a_call_pushes_an_idle_session_out(small: SessionRegistry) -> None:
    for name in ("ada", "bob"):
        assert await key_of(small, own(name)) == f"key-of-{name}"
    shared = plan(subject(), revision="shared")
    small.keep(shared)
    await until(lambda: any(v.state is SessionState.WAITING for v in small.views()))
    states = {(v.key.owner, v.state) for v in small.views()}
    assert states == {
        ("ada", SessionState.READY), ("bob", SessionState.READY), (None, SessionState.WAITING),
    }  # fmt: skip
    async with small.use(shared) as session:
        assert "echo" in session.tools
    assert {v.key.owner for v in small.views()} == {"bob", None}
