"""Starts and ends of every kind, by the thousand: nothing of them is left."""

import asyncio
import contextlib
import ctypes
import gc
import itertools
import logging
import os
import signal
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest

from app.domain.errors import AppError, ErrorCode
from app.domain.launch import HttpLaunch, Launch, StdioLaunch
from app.domain.outbound import Reach
from app.domain.seen_secrets import RecentSecrets
from app.domain.session import SessionKey, SessionPlan
from app.domain.tool import Tool
from app.processes.guard import Guard
from app.processes.guard_program import find_marked
from app.processes.private_files import PrivateFiles
from app.processes.spawner import Spawner
from app.sessions.registry import SessionRegistry
from tests.servers.http_sdk import Subject, over_sse, streamable
from tests.sessions.real_servers import free_port
from tests.subjects import plan, subject, text_of
from tests.waiting import open_files, until

AT_ONCE = 24
WARM_UP = 36
GROWTH = 1.1
SETTLED_SECONDS = 20.0
# As many as asyncio ever keeps for blocking work.
MOST_THREADS = 32
PRESSED = 4


@dataclass(frozen=True, slots=True)
class Counts:
    """What this process has of everything that could leak."""

    processes: int
    marked: int
    threads: int
    descriptors: int
    tasks: int


@dataclass(frozen=True, slots=True)
class World:
    """A registry, and servers that are there already."""

    registry: SessionRegistry
    server: Subject
    streamable: str
    sse: str

    @contextlib.asynccontextmanager
    async def using(
        self, number: int, how: Launch, *, owner: str | None = None, **more: Any
    ) -> AsyncIterator[Any]:
        """A session of a revision of its own, which is retired in any case."""
        revision = str(number)
        try:
            async with self.registry.use(
                plan(how, revision=revision, owner=owner, **more)
            ) as session:
                yield session
        finally:
            self.registry.retire("s", revision)

    def views(self, number: int) -> list[Any]:
        return [v for v in self.registry.views() if v.key.revision == str(number)]


async def is_retired(world: World, number: int) -> None:
    async with world.using(number, subject()) as session:
        assert text_of(await session.call_tool("echo", {"text": "x"})) == "x"


async def crashes_in_mid_call(world: World, number: int) -> None:
    async with world.using(number, subject()) as session:
        with pytest.raises(AppError) as caught:
            await session.call_tool("crash", {})
    assert caught.value.code is ErrorCode.SERVER_FAILED


async def does_not_start(world: World, number: int) -> None:
    with pytest.raises(AppError) as caught:
        async with world.using(number, subject("exits")):
            pass
    assert caught.value.code is ErrorCode.SERVER_DID_NOT_START


async def is_no_program(world: World, number: int) -> None:
    nothing = StdioLaunch(
        command="/no/such/program", args=(), env={}, cwd=None, startup_timeout_seconds=5
    )
    with pytest.raises(AppError):
        async with world.using(number, nothing):
            pass


async def is_a_users_and_idle(world: World, number: int) -> None:
    key = SessionKey("s", str(number), f"user-{number}")
    own = SessionPlan(key=key, launch=subject(), idle_seconds=0.1)
    async with world.registry.use(own) as session:
        await session.call_tool("pid", {})
    await until(lambda: not world.views(number))


async def is_a_users_and_pressed_out(world: World, number: int) -> None:
    """Ended by those that come after it; the last few with the test."""
    key = SessionKey("s", "pressed", f"user-{number}")
    own = SessionPlan(key=key, launch=subject("grandchild"), max_sessions=PRESSED)
    async with world.registry.use(own) as session:
        await session.call_tool("pid", {})


async def is_killed_and_comes_back(world: World, number: int) -> None:
    async with world.using(number, subject("grandchild-on-pipes")) as session:
        pid = int(text_of(await session.call_tool("pid", {})))
        os.kill(pid, signal.SIGKILL)
        await until(lambda: [v.restarts for v in world.views(number)] == [1])


async def is_left_by_its_caller_in_mid_call(world: World, number: int) -> None:
    async with world.using(number, subject("stubborn"), owner="ada") as session:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(session.call_tool("sleep", {"seconds": 60}), 0.05)


async def is_left_by_its_caller_in_mid_start(world: World, number: int) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1), world.using(number, subject("hangs")):
            pass


async def is_over_http(world: World, number: int) -> None:
    how = HttpLaunch(
        url=world.streamable, headers={}, startup_timeout_seconds=20, reach=Reach.PRIVATE
    )
    async with world.using(number, how) as session:
        assert text_of(await session.call_tool("echo", {"text": "x"})) == "x"


async def is_over_sse(world: World, number: int) -> None:
    how = HttpLaunch(
        url=world.sse, headers={}, startup_timeout_seconds=20, reach=Reach.PRIVATE, is_sse_only=True
    )
    async with world.using(number, how) as session:
        assert text_of(await session.call_tool("echo", {"text": "x"})) == "x"


async def is_at_no_address(world: World, number: int) -> None:
    url = f"http://127.0.0.1:{free_port()}/mcp"
    nobody = HttpLaunch(url=url, headers={}, startup_timeout_seconds=20, reach=Reach.PRIVATE)
    with pytest.raises(AppError):
        async with world.using(number, nobody):
            pass


LIVES: tuple[Callable[[World, int], Awaitable[None]], ...] = (
    is_retired, crashes_in_mid_call, does_not_start, is_a_users_and_idle,
    is_a_users_and_pressed_out, is_killed_and_comes_back, is_left_by_its_caller_in_mid_call,
    is_left_by_its_caller_in_mid_start, is_no_program, is_over_http, is_over_sse,
    is_at_no_address,
)  # fmt: skip


async def forget(name: str, revision: str, tools: Sequence[Tool]) -> None:
    """What a test keeps would look like a leak."""


@contextlib.asynccontextmanager
async def begun(spawner: Spawner) -> AsyncIterator[World]:
    server = Subject()
    registry = SessionRegistry(
        spawner=spawner,
        files=PrivateFiles(Path(tempfile.gettempdir(), uuid4().hex)),
        seen=RecentSecrets(),
        on_tools=forget,
    )
    async with streamable(server) as url, over_sse(server) as sse_url:
        yield World(registry, server, url, sse_url)
        await registry.close()


async def live(world: World, numbers: Iterator[int], count: int) -> None:
    """So many lives, each kind as often, many at a time."""
    left = iter([*itertools.islice(numbers, count)])

    async def work() -> None:
        for number in left:
            await LIVES[number % len(LIVES)](world, number)
            world.server.requests.clear()
            world.server.started.clear()

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work())
    for entry in world.registry.entries:  # the last few that were not pressed out
        world.registry.end_idle(entry)
    await until(lambda: not world.registry.views(), seconds=SETTLED_SECONDS)


def counted(guard: Guard) -> Counts:
    return Counts(
        processes=len(psutil.Process().children(recursive=True)),
        marked=len(find_marked(guard.instance)),
        threads=threading.active_count(),
        descriptors=open_files(),
        tasks=len(asyncio.all_tasks()),
    )


async def settled(guard: Guard, wanted: Counts) -> Counts:
    """What there is once it is what is wanted, or the time is up."""
    with contextlib.suppress(AssertionError):
        await until(lambda: counted(guard) == wanted, seconds=SETTLED_SECONDS)
    return counted(guard)


def resident() -> int:
    """The memory in use, without what the allocator merely keeps."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return int(psutil.Process().memory_info().rss)


@pytest.mark.parametrize(
    "starts", [pytest.param(100, id="100"), pytest.param(2000, id="2000", marks=pytest.mark.soak)]
)
async def test_what_was_started_and_ended_leaves_nothing(
    spawner: Spawner, guard: Guard, caplog: pytest.LogCaptureFixture, starts: int
) -> None:
    caplog.set_level(logging.ERROR, "app")  # it keeps every record
    numbers = itertools.count()
    async with begun(spawner) as world:  # what is made once and kept is made here
        await live(world, numbers, WARM_UP)
    await asyncio.gather(*(asyncio.to_thread(time.sleep, 0.05) for _ in range(MOST_THREADS)))
    untouched = counted(guard)
    async with begun(spawner) as world:
        await live(world, numbers, starts // 4)
        memory = resident()
        await live(world, numbers, starts)
        grown = resident()
        print(f"{starts} starts: {memory / 1e6:.1f} MB before, {grown / 1e6:.1f} MB after")
        assert counted(guard).marked == untouched.marked
    assert await settled(guard, untouched) == untouched
    assert grown < memory * GROWTH
