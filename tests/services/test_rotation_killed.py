"""A rotation that gets `kill -9` half-way: calls never notice, and the next one finishes it."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from app.domain.errors import AppError, ErrorCode
from app.domain.secret import SecretRef
from app.services.data_keys import open_stored, store_sealed
from app.services.rotation import LEASE_SECONDS, key_usage, rotate_keys
from tests.conftest import Mongo, Stores
from tests.services.key_room import (
    NEW,
    OLD,
    KeyRoom,
    Progress,
    insert_v1,
    key_room,
    open_one,
    value_of,
)

ROOT = Path(__file__).parent.parent.parent
OF_FIRST_RELEASE = [SecretRef(f"u{n % 200:03}", "s", f"n{n}") for n in range(2000)]
WITH_DATA_KEYS = [SecretRef(f"v{n:03}", "s", "k") for n in range(200)]


class Calls:
    """Secrets opened and now and then set, as calls do, one after the other."""

    def __init__(self, stores: Stores, refs: list[SecretRef]) -> None:
        self._room = key_room(stores, NEW, OLD)
        self._refs = refs
        self.last = {ref: value_of(ref) for ref in refs}
        self.made = 0
        self.is_over = False

    async def make(self) -> None:
        while not self.is_over:
            ref = self._refs[self.made * 7919 % len(self._refs)]
            self.made += 1
            assert await open_one(self._room, ref) == self.last[ref]
            if self.made % 10 == 0:
                self.last[ref] = f"set at {self.made}"
                await store_sealed(self._room, ref, self.last[ref])


@contextlib.asynccontextmanager
async def calling(calls: Calls) -> AsyncIterator[None]:
    """Calls all the while, none of which may fail."""
    task = asyncio.create_task(calls.make())
    try:
        yield
        assert not task.done(), task.exception()
        calls.is_over = True  # not cancelled: whether a write cut short was made is not known
        await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@contextlib.asynccontextmanager
async def rotation_in_a_child(uri: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.services.rotation_child", uri,
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def kill_half_way(process: asyncio.subprocess.Process) -> tuple[int, int]:
    """What the child had done and left when it was killed, in the midst of a batch."""
    assert process.stdout is not None
    while True:
        done, left = map(int, (await process.stdout.readline()).split())
        if done >= 1000:
            process.send_signal(signal.SIGKILL)
            assert await process.wait() == -signal.SIGKILL
            return done, left


async def finish(stores: Stores, progress: Progress) -> None:
    """Rotate as soon as the lease of the killed one is over."""
    async with asyncio.timeout(LEASE_SECONDS + 60):
        while True:
            try:
                await rotate_keys(key_room(stores, NEW, OLD), progress)
                return
            except AppError as error:
                if error.code is not ErrorCode.CONFLICT:
                    raise
            await asyncio.sleep(0.2)


async def everything_opened(room: KeyRoom, usernames: set[str]) -> dict[SecretRef, str]:
    opened: dict[SecretRef, str] = {}
    for username in usernames:
        values = await open_stored(room, username, await room.secrets.list_applying(username, "s"))
        opened |= {SecretRef(username, "s", name): value for name, value in values.items()}
    return opened


async def test_a_killed_rotation_is_finished_by_the_next_and_no_call_fails(
    stores: Stores, mongo: Mongo
) -> None:
    await insert_v1(OF_FIRST_RELEASE)
    for ref in WITH_DATA_KEYS:
        await store_sealed(key_room(stores, OLD), ref, value_of(ref))
    calls, progress = Calls(stores, [*OF_FIRST_RELEASE, *WITH_DATA_KEYS]), Progress()
    async with calling(calls):
        async with rotation_in_a_child(mongo.embedded.uri) as process:
            async with asyncio.timeout(60):
                done, left = await kill_half_way(process)
        assert left > 1000
        made_before = calls.made
        await finish(stores, progress)
    # It went on with what was left, and did not begin again.
    assert progress.seen[0].total <= left < done + left
    assert progress.seen[-1].left == 0
    assert calls.made > made_before > 0
    needed = {
        usage.key_id: usage.is_needed for usage in await key_usage(key_room(stores, NEW, OLD))
    }
    assert [*needed.values()] == [True, False]
    opened = await everything_opened(key_room(stores, NEW), {ref.username for ref in calls.last})
    assert opened == calls.last
