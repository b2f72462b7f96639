"""Rotation: everything comes under the sealing key, and nothing is lost, unread or undone."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.clock import utc_now
from app.domain.data_key import DataKey, KeyUsage, RotationProgress
from app.domain.errors import AppError, ErrorCode
from app.domain.secret import SealedSecret, SecretRef
from app.services.data_keys import shred_user, store_sealed
from app.services.key_announcement import announce_keys
from app.services.rotation import LEASE, key_usage, rotate_keys
from app.vault.vault import EnvelopeVault
from tests.conftest import Stores
from tests.services.key_room import (
    ANOTHER,
    ANOTHER_ID,
    NEW,
    NEW_ID,
    OLD,
    OLD_ID,
    KeyRoom,
    Progress,
    insert_v1,
    key_room,
    open_one,
    value_of,
)
from tests.vault.keys import keyring
from tests.waiting import DEADLINE_SECONDS

REF = SecretRef("ada", "weather", "API_KEY")


def usage(key_id: str, data_keys: int, v1_secrets: int, *, is_known: bool = True) -> KeyUsage:
    is_sealing = key_id == NEW_ID
    return KeyUsage(key_id=key_id, is_known=is_known, is_sealing=is_sealing,
                    data_keys=data_keys, v1_secrets=v1_secrets)  # fmt: skip


async def test_everything_opens_with_the_new_key_alone_afterwards(stores: Stores) -> None:
    old = [SecretRef(f"u{n % 60}", "s", f"n{n}") for n in range(150)]
    new = [SecretRef(f"u{n}", "t", "k") for n in range(40, 170)]
    await insert_v1(old)
    for ref in new:
        await store_sealed(key_room(stores, OLD), ref, value_of(ref))
    births = await stores.secrets.find(old[0])
    progress = Progress()
    finished = await rotate_keys(key_room(stores, NEW, OLD), progress)
    assert finished == RotationProgress(total=280, done=280, unreadable=0, is_finished=True)
    for ref in old + new:
        assert await open_one(key_room(stores, NEW), ref) == value_of(ref)
    assert await key_usage(key_room(stores, NEW, OLD)) == [
        usage(NEW_ID, 170, 0),
        usage(OLD_ID, 0, 0),
    ]
    # Sealing anew is not setting: who asks sees the times of the value.
    after = await stores.secrets.find(old[0])
    assert births is not None
    assert after == replace(births, key_id=after.key_id if after else "")
    assert [(p.done, p.left) for p in progress.seen] == [
        (0, 280), (100, 180), (150, 130), (250, 30), (280, 0), (280, 0),
    ]  # fmt: skip
    assert [p.is_finished for p in progress.seen] == [False] * 5 + [True]


async def test_with_nothing_to_do_nothing_is_changed(stores: Stores) -> None:
    await store_sealed(key_room(stores, NEW), REF, "kept")
    before = (
        await stores.data_keys.find("ada"),
        await stores.secrets.list_applying("ada", "weather"),
    )
    finished = await rotate_keys(key_room(stores, NEW, OLD), Progress())
    assert finished == RotationProgress(total=0, done=0, unreadable=0, is_finished=True)
    after = await stores.data_keys.find("ada"), await stores.secrets.list_applying("ada", "weather")
    assert after == before


async def test_v1_secrets_under_the_sealing_key_get_data_keys_too(stores: Stores) -> None:
    await insert_v1([REF], NEW)
    assert await key_usage(key_room(stores, NEW)) == [usage(NEW_ID, 0, 1)]
    await rotate_keys(key_room(stores, NEW), Progress())
    assert await key_usage(key_room(stores, NEW)) == [usage(NEW_ID, 1, 0)]
    assert await open_one(key_room(stores, NEW), REF) == value_of(REF)


async def test_an_old_key_that_nothing_needs_is_told_from_one_that_is_needed(
    stores: Stores,
) -> None:
    await insert_v1([REF, REF._replace(name="b")], OLD)
    await store_sealed(key_room(stores, ANOTHER), REF._replace(username="bob"), "x")
    found = await key_usage(key_room(stores, NEW, OLD))
    assert found == [
        usage(NEW_ID, 0, 0), usage(OLD_ID, 0, 2), usage(ANOTHER_ID, 1, 0, is_known=False),
    ]  # fmt: skip
    assert [u.is_needed for u in found] == [False, True, True]


async def test_what_cannot_be_opened_stays_as_it_is_and_is_counted(
    stores: Stores, caplog: pytest.LogCaptureFixture
) -> None:
    lost = [SecretRef("ada", "lost", f"n{n}") for n in range(30)]
    await insert_v1(lost, ANOTHER)
    await insert_v1([REF], OLD)
    await stores.secrets.put(REF._replace(name="damaged"), f"v1.{OLD_ID}.x.y", OLD_ID, utc_now())
    await store_sealed(key_room(stores, ANOTHER), REF._replace(username="bob"), "x")
    before = await stores.secrets.list_applying("ada", "lost"), await stores.data_keys.find("bob")
    finished = await rotate_keys(key_room(stores, NEW, OLD), Progress())
    assert finished == RotationProgress(total=33, done=1, unreadable=32, is_finished=True)
    assert finished.left == 32
    after = await stores.secrets.list_applying("ada", "lost"), await stores.data_keys.find("bob")
    assert after == before
    told = [r.getMessage() for r in caplog.records if r.name == "app.services.rotation"]
    assert len(told) == 20
    assert all(line.startswith("Left as it is, for the user 'ada': ") for line in told)
    # With the missing key, the rest is done.
    finished = await rotate_keys(key_room(stores, NEW, OLD, ANOTHER), Progress())
    assert (finished.done, finished.unreadable) == (31, 1)


class MeddlingVault(EnvelopeVault):
    """A real vault, in whose presence somebody else changes what is being rotated."""

    room: KeyRoom

    async def seal(self, data_key: DataKey, ref: SecretRef, value: str) -> tuple[str, str]:
        sealed = await super().seal(data_key, ref, value)
        if ref.name == "set":
            await store_sealed(self.room, ref, "set meanwhile")
        if ref.name == "deleted":
            await self.room.secrets.delete(ref)
        return sealed

    async def rewrap(self, data_key: DataKey) -> DataKey:
        rewrapped = await super().rewrap(data_key)
        if data_key.owner == "shredded":
            await shred_user(self.room, data_key.owner)
            await store_sealed(self.room, REF._replace(username="shredded"), "born again")
        return rewrapped


async def test_what_is_changed_meanwhile_is_not_undone(stores: Stores) -> None:
    refs = [REF._replace(name=name) for name in ("set", "deleted", "untouched")]
    await insert_v1(refs)
    await store_sealed(key_room(stores, OLD), REF._replace(username="shredded"), "gone")
    vault = MeddlingVault(keyring(NEW, OLD))
    vault.room = key_room(stores, NEW, OLD)
    finished = await rotate_keys(replace(vault.room, vault=vault), Progress())
    assert finished == RotationProgress(total=4, done=4, unreadable=0, is_finished=True)
    new = key_room(stores, NEW)
    assert await open_one(new, refs[0]) == "set meanwhile"
    assert await stores.secrets.find(refs[1]) is None
    assert await open_one(new, refs[2]) == value_of(refs[2])
    assert await open_one(new, REF._replace(username="shredded")) == "born again"


async def test_what_older_replicas_add_meanwhile_is_told_as_left(stores: Stores) -> None:
    # A user before the one at work: the listing has passed that place already.
    late = REF._replace(username="aaa")

    class LateVault(EnvelopeVault):
        """A real vault; while it seals, a replica stores with the old key."""

        async def seal(self, data_key: DataKey, ref: SecretRef, value: str) -> tuple[str, str]:
            await insert_v1([late], OLD)
            return await super().seal(data_key, ref, value)

    await insert_v1([REF])
    vault = LateVault(keyring(NEW, OLD))
    finished = await rotate_keys(replace(key_room(stores, NEW), vault=vault), Progress())
    assert (finished.done, finished.left, finished.unreadable) == (1, 1, 0)


async def test_a_second_rotation_is_refused_and_changes_nothing(stores: Stores) -> None:
    await insert_v1([REF])
    now = utc_now()
    until = now + timedelta(seconds=9)
    assert await stores.deployment.take_lease(LEASE, "the first", now=now, until=until)
    progress = Progress()
    with pytest.raises(AppError) as caught:
        await rotate_keys(key_room(stores, NEW, OLD), progress)
    assert caught.value.code is ErrorCode.CONFLICT
    assert caught.value.sentence() == (
        "The keys are being rotated already. Wait for it; one that was killed is forgotten "
        "after 10 s."
    )
    assert progress.seen == []
    assert await key_usage(key_room(stores, NEW, OLD)) == [usage(NEW_ID, 0, 0), usage(OLD_ID, 0, 1)]
    # It had been dead for long: its lease is over.
    past = now - timedelta(seconds=60)
    await stores.deployment.take_lease(LEASE, "the first", now=past, until=past)
    assert (await rotate_keys(key_room(stores, NEW, OLD), progress)).done == 1


async def test_of_five_rotations_at_once_one_runs(stores: Stores) -> None:
    refs = [SecretRef("ada", "s", f"n{n}") for n in range(150)]
    await insert_v1(refs)
    outcomes = await asyncio.gather(
        *(rotate_keys(key_room(stores, NEW, OLD), Progress()) for _ in range(5)),
        return_exceptions=True,
    )
    codes = [o.code if isinstance(o, AppError) else None for o in outcomes]
    assert codes.count(ErrorCode.CONFLICT) == 4
    assert codes.count(None) == 1
    assert (await key_usage(key_room(stores, NEW)))[0].data_keys == 1


async def test_a_failed_rotation_gives_its_lease_back(stores: Stores) -> None:
    await insert_v1([REF])

    def fail(_: RotationProgress) -> None:
        raise RuntimeError("the reader has gone")

    with pytest.raises(RuntimeError, match="gone"):
        await rotate_keys(key_room(stores, NEW, OLD), fail)
    assert (await rotate_keys(key_room(stores, NEW, OLD), Progress())).left == 0


async def test_keys_are_not_rotated_to_one_that_a_running_process_lacks(stores: Stores) -> None:
    await insert_v1([REF])
    before = await stores.secrets.list_applying("ada", "weather")
    running = asyncio.create_task(announce_keys(key_room(stores, OLD), "an older replica"))
    async with asyncio.timeout(DEADLINE_SECONDS):
        while await stores.deployment.list_announced(utc_now()) != [[OLD_ID]]:
            await asyncio.sleep(0.01)
    with pytest.raises(AppError) as caught:
        await rotate_keys(key_room(stores, NEW, OLD), Progress())
    assert caught.value.code is ErrorCode.CONFLICT
    assert caught.value.message == (
        f"1 running MCP API processes do not have the sealing key {NEW_ID}."
    )
    assert await stores.secrets.list_applying("ada", "weather") == before
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert (await rotate_keys(key_room(stores, NEW, OLD), Progress())).done == 1


async def test_secrets_set_and_read_during_a_rotation_keep_their_last_value(
    stores: Stores,
) -> None:
    refs = [SecretRef(f"u{n % 25}", "s", f"n{n}") for n in range(500)]
    await insert_v1(refs)
    room, last = key_room(stores, NEW, OLD), {ref: value_of(ref) for ref in refs}
    rotation = asyncio.create_task(rotate_keys(room, Progress()))
    number = 0
    while not rotation.done():
        ref = refs[number * 37 % 500]
        number += 1
        assert await open_one(room, ref) == last[ref]
        last[ref] = f"set {number} times"
        await store_sealed(room, ref, last[ref])
    assert number > 10
    assert (await rotation).left == 0
    for ref in refs:
        assert await open_one(key_room(stores, NEW), ref) == last[ref]


async def test_values_are_sealed_secrets_throughout(stores: Stores) -> None:
    await insert_v1([REF])
    await rotate_keys(key_room(stores, NEW, OLD), Progress())
    (row,) = await stores.secrets.list_applying("ada", "weather")
    assert row == SealedSecret(REF, row.sealed)
    assert row.sealed.startswith("v2.")
    assert value_of(REF) not in repr(row)
