"""A child's whole group ends with it, whatever it thinks of that."""

import asyncio
import os
import sys
import threading
import time
from pathlib import Path

import pytest

from app.processes.environment import BASE, base_environment, installer_environment
from app.processes.guard import Guard
from app.processes.guard_program import find_marked
from app.processes.spawner import Child, Spawner
from app.processes.strays import Strays
from tests.subjects import SUBJECT, recorded, records
from tests.waiting import is_alive, until


async def start(spawner: Spawner, mode: str, record: Path) -> Child:
    child = await spawner.spawn(
        [sys.executable, "-S", str(SUBJECT), mode, str(record)],
        env=base_environment(),
        cwd=None,
        has_stdin=True,
        line_limit=65536,
    )
    await until(lambda: len(records(record)) >= (1 if mode in ("plain", "stubborn") else 2))
    return child


async def test_a_child_that_exits_at_the_end_of_its_input_is_not_signalled(
    spawner: Spawner, record: Path
) -> None:
    child = await start(spawner, "plain", record)
    await child.end(grace_seconds=5)
    assert child.exit_code == 0


@pytest.mark.parametrize("mode", ["grandchild", "grandchild-on-pipes"])
async def test_a_grandchild_ends_with_its_group(spawner: Spawner, record: Path, mode: str) -> None:
    child = await start(spawner, mode, record)
    grandchild = recorded(record, "grandchild")
    assert is_alive(grandchild)
    await child.end(grace_seconds=2)
    await until(lambda: not is_alive(grandchild), seconds=1)
    assert not is_alive(child.pid)


async def test_a_child_that_ignores_sigterm_is_killed_after_its_grace(
    spawner: Spawner, record: Path
) -> None:
    child = await start(spawner, "stubborn", record)
    started = time.monotonic()
    await child.end(grace_seconds=0.2)
    assert 0.4 <= time.monotonic() - started < 2
    assert child.exit_code == -9


async def test_ending_twice_is_fine_also_at_the_same_time(spawner: Spawner, record: Path) -> None:
    child = await start(spawner, "plain", record)
    await asyncio.gather(child.end(grace_seconds=1), child.end(grace_seconds=1))
    await child.end(grace_seconds=1)
    assert child.exit_code == 0


@pytest.mark.skipif(sys.platform != "linux", reason="found by /proc")
async def test_a_process_that_left_the_group_ends_too_and_another_childs_lives(
    spawner: Spawner, tmp_path: Path
) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    children = [await start(spawner, "escaped", one), await start(spawner, "escaped", other)]
    assert is_alive(recorded(one, "grandchild"))
    await children[0].end(grace_seconds=1)
    await until(lambda: not is_alive(recorded(one, "grandchild")), seconds=1)
    assert is_alive(recorded(other, "grandchild"))
    await children[1].end(grace_seconds=1)
    await until(lambda: not is_alive(recorded(other, "grandchild")), seconds=1)


async def test_children_that_end_during_a_search_share_the_next_one() -> None:
    searches: list[frozenset[str]] = []
    may_go_on = threading.Event()

    def search(_variable: str, marks: frozenset[str]) -> int:
        searches.append(marks)
        may_go_on.wait(5)
        return 0

    strays = Strays("MARK", search)
    first = asyncio.create_task(strays.end("a"))
    await until(lambda: len(searches) == 1)
    others = [asyncio.create_task(strays.end(mark)) for mark in "bcd"]
    await asyncio.sleep(0)
    may_go_on.set()
    await asyncio.gather(first, *others)
    assert searches == [frozenset("a"), frozenset("bcd")]


async def test_a_process_that_left_the_group_does_not_hold_up_the_end(
    spawner: Spawner, record: Path
) -> None:
    child = await start(spawner, "unmarked-on-pipes", record)
    escaped = recorded(record, "grandchild")
    try:
        async with asyncio.timeout(5):
            await child.end(grace_seconds=0.5)
            assert child.process.stdout is not None
            assert child.process.stderr is not None
            assert await child.process.stdout.read() == b""
            assert await child.process.stderr.read() == b""
    finally:
        os.kill(escaped, 9)
    assert not is_alive(child.pid)


async def test_a_missing_program_is_an_os_error_and_leaves_no_process(
    spawner: Spawner, guard: Guard
) -> None:
    before = find_marked(guard.instance)
    with pytest.raises(FileNotFoundError):
        await spawner.spawn(
            ["/no/such/program"], env={}, cwd=None, has_stdin=True, line_limit=65536
        )
    assert find_marked(guard.instance) == before


def test_children_get_nothing_that_could_be_a_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    planted = {
        "SECRETS_KEY": "x", "MONGODB_URI": "x", "MONGO_PASS": "x", "AWS_SECRET_ACCESS_KEY": "x",
        "NPM_TOKEN": "x", "NODE_OPTIONS": "x", "LD_PRELOAD": "", "PYTHONPATH": "x",
        "npm_config_registry": "http://127.0.0.1:9", "HTTPS_PROXY": "http://u:p@proxy",
    }  # fmt: skip
    for name, value in planted.items():
        monkeypatch.setenv(name, value)
    assert set(base_environment()) <= set(BASE)
    assert not set(base_environment()) & set(planted)


def test_an_installer_gets_the_network_and_its_own_settings_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("SECRETS_KEY", "MONGODB_URI", "NPM_TOKEN", "NODE_OPTIONS"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    monkeypatch.setenv("NPM_CONFIG_CACHE", "/tmp/cache")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy")
    environment = installer_environment("npm_config_")
    assert environment["npm_config_registry"] == "http://127.0.0.1:9"
    assert environment["NPM_CONFIG_CACHE"] == "/tmp/cache"
    assert environment["HTTPS_PROXY"] == "http://proxy"
    for name in ("SECRETS_KEY", "MONGODB_URI", "NPM_TOKEN", "NODE_OPTIONS"):
        assert name not in environment
