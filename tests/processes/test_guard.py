"""The guard: no child outlives its gateway, however the gateway dies."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from app.processes.environment import base_environment
from app.processes.guard import Guard
from app.processes.guard_program import find_marked, kill_group, kill_marked
from app.processes.spawner import Spawner
from tests.subjects import SERVERS
from tests.waiting import is_alive, until

ROOT = SERVERS.parent.parent


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running gateway, its guard, and the child, grandchild and escaped grandchild it has."""

    process: subprocess.Popen[str]
    instance: str
    guard_pid: int
    family: tuple[int, ...]


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    instance, note = uuid4().hex, tmp_path / "pids"
    with subprocess.Popen(
        [sys.executable, "-m", "tests.servers.gateway", instance, str(note)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        guard_pid = json.loads(process.stdout.readline())["guard"]
        family = tuple(int(pid) for pid in note.read_text().split())
        yield Gateway(process, instance, guard_pid, family)
        process.kill()
    kill_marked(instance)


async def test_every_descendant_ends_when_the_gateway_is_killed(gateway: Gateway) -> None:
    assert [is_alive(pid) for pid in gateway.family] == [True, True, True]
    gateway.process.kill()
    await until(lambda: not any(is_alive(pid) for pid in gateway.family), seconds=5)
    await until(lambda: not is_alive(gateway.guard_pid), seconds=5)
    assert find_marked(gateway.instance) == []


async def test_a_guard_survives_the_signals_that_end_a_gateway(gateway: Gateway) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(gateway.guard_pid, number)
    gateway.process.kill()
    await until(lambda: not any(is_alive(pid) for pid in gateway.family), seconds=5)


async def sleeper(guard: Guard) -> int:
    child = await Spawner(guard).spawn(
        ["sleep", "600"], env=base_environment(), cwd=None, has_stdin=False, line_limit=65536
    )
    return child.pid


async def test_a_guard_that_died_is_replaced_and_knows_every_group() -> None:
    guard = Guard(uuid4().hex)
    guard.start()
    first = await sleeper(guard)
    assert guard._process is not None
    dead = guard._process.pid
    os.kill(dead, signal.SIGKILL)
    await until(lambda: not is_alive(dead))
    second = await sleeper(guard)
    assert guard._process.pid != dead
    assert is_alive(guard._process.pid)
    assert is_alive(first)
    guard.stop()
    await until(lambda: not is_alive(first) and not is_alive(second), seconds=5)


async def test_a_group_that_was_struck_off_is_left_alone() -> None:
    guard = Guard(uuid4().hex)
    guard.start()
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as stranger:
        guard.add(stranger.pid)
        guard.remove(stranger.pid)
        guard.stop()
        assert is_alive(stranger.pid)
        stranger.kill()


async def test_leftovers_of_an_earlier_life_are_found_by_their_mark_alone() -> None:
    guard, other = Guard(uuid4().hex), Guard(uuid4().hex)
    mine, theirs = await sleeper(guard), await sleeper(other)
    assert find_marked(guard.instance) == [mine]
    assert kill_marked(guard.instance) == 1
    await until(lambda: not is_alive(mine))
    assert is_alive(theirs)
    assert kill_marked(other.instance) == 1
    await until(lambda: not is_alive(theirs))


def test_signalling_a_group_that_is_gone_says_so() -> None:
    with subprocess.Popen(["true"], start_new_session=True) as gone:
        gone.wait()
    assert kill_group(gone.pid) is False
