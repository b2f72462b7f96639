"""`kill -9` of a server, what it started, and the script that started it."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from app.domain.errors import AppError, ErrorCode
from app.domain.launch import StdioLaunch
from app.sessions.registry import SessionRegistry
from tests.subjects import SUBJECT, plan, recorded, records, subject, text_of
from tests.waiting import is_alive, until


def wrapped(record: Path) -> StdioLaunch:
    """A shell script that starts the server, and stays."""
    script = record.with_suffix(".sh")
    script.write_text(
        "#!/bin/sh\n"
        f"echo '{{\"wrapper\": '$$'}}' >> {record}\n"
        f"{sys.executable} -S {SUBJECT} grandchild {record}\n"
        "exit 0\n"
    )
    return StdioLaunch(
        command="sh", args=(str(script),), env={}, cwd=None, startup_timeout_seconds=20
    )


async def pid_of(registry: SessionRegistry, how: StdioLaunch) -> int:
    async with registry.use(plan(how)) as session:
        return int(text_of(await session.call_tool("pid", {})))


def is_calling(record: Path) -> bool:
    return any(e.get("params", {}).get("name") == "sleep" for e in records(record))


async def fails_in_mid_call(
    registry: SessionRegistry, how: StdioLaunch, record: Path, victim: str
) -> AppError:
    """What a call hears when that process is killed."""
    async with registry.use(plan(how)) as session:
        call = asyncio.create_task(session.call_tool("sleep", {"seconds": 60}))
        await until(lambda: is_calling(record))
        os.kill(recorded(record, victim), signal.SIGKILL)
        with pytest.raises(AppError) as caught:
            await asyncio.wait_for(call, 2)
    return caught.value


async def test_a_killed_wrapper_takes_its_server_and_all_below_with_it(
    registry: SessionRegistry, record: Path
) -> None:
    how = wrapped(record)
    server = await pid_of(registry, how)
    family = [server, recorded(record, "wrapper"), recorded(record, "grandchild")]
    assert len(set(family)) == 3
    error = await fails_in_mid_call(registry, how, record, "wrapper")
    assert error.code is ErrorCode.SERVER_FAILED
    assert error.message == "Server 's' ended during the call: it was killed by signal 9."
    await until(lambda: not any(map(is_alive, family)), seconds=2)
    assert await pid_of(registry, how) not in family


async def test_a_server_killed_under_its_wrapper_leaves_nothing_below(
    registry: SessionRegistry, record: Path
) -> None:
    how = wrapped(record)
    server = await pid_of(registry, how)
    family = [server, recorded(record, "wrapper"), recorded(record, "grandchild")]
    error = await fails_in_mid_call(registry, how, record, "pid")
    assert error.code is ErrorCode.SERVER_FAILED
    await until(lambda: not any(map(is_alive, family)), seconds=5)
    assert await pid_of(registry, how) not in family


async def test_a_killed_grandchild_is_its_servers_own_business(
    registry: SessionRegistry, record: Path
) -> None:
    how = subject("grandchild", record)
    server = await pid_of(registry, how)
    grandchild = recorded(record, "grandchild")
    os.kill(grandchild, signal.SIGKILL)
    await until(lambda: not is_alive(grandchild))
    assert await pid_of(registry, how) == server
    assert [view.restarts for view in registry.views()] == [0]


async def test_a_wrappers_server_ends_with_its_session(
    registry: SessionRegistry, record: Path
) -> None:
    server = await pid_of(registry, wrapped(record))
    family = [server, recorded(record, "wrapper"), recorded(record, "grandchild")]
    registry.retire("s", "r")
    await until(lambda: not any(map(is_alive, family)), seconds=5)
