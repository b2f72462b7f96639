"""Data keys: random, wrapped for one owner, and opened by any deployment key on the ring."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.domain.clock import utc_now
from app.domain.data_key import DataKey
from app.vault.envelope import (
    OpenDataKey,
    make_data_key,
    rewrap_data_key,
    unwrap_data_key,
    wrap_context,
)
from app.vault.keyring import LocalKeyring
from app.vault.keys import key_id
from app.vault.parts import DamagedText, WrongKey
from app.vault.passphrase import Passphrase, derive_key
from tests.vault.keys import KEY, OTHER_KEY, SALT, keyring

GOLDEN = json.loads((Path(__file__).parent / "golden.json").read_text(encoding="utf-8"))
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
PASSPHRASE = Passphrase("nine wet otters under a bridge")

owners = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def stored(case: dict[str, Any]) -> DataKey:
    fields = {name: case[name] for name in ("owner", "id", "wrapped", "wrapped_with")}
    return DataKey(**fields, created_at=utc_now())


@pytest.mark.parametrize("case", GOLDEN["data_keys"], ids=lambda case: str(case["id"]))
async def test_a_wrapped_data_key_opens_for_ever(case: dict[str, Any]) -> None:
    ring = keyring(OTHER_KEY, bytes.fromhex(GOLDEN["key_hex"]))
    opened = await unwrap_data_key(ring, stored(case))
    assert opened == OpenDataKey(case["id"], bytes.fromhex(case["key_hex"]))


@given(owners)
async def test_a_data_key_is_new_and_opens_for_its_owner(owner: str) -> None:
    first, second = [await make_data_key(keyring(), owner) for _ in range(2)]
    assert first.id != second.id
    assert (first.owner, first.wrapped_with) == (owner, key_id(KEY))
    one, other = [await unwrap_data_key(keyring(), key) for key in (first, second)]
    assert (one.id, len(one.key)) == (first.id, 32)
    assert one.key != other.key
    assert one.key.hex() not in repr(first) + repr(one)
    assert repr(one.key) not in repr(one)


@given(owners, owners)
async def test_a_data_key_given_to_another_owner_does_not_open(owner: str, other: str) -> None:
    assume(owner != other)
    record = await make_data_key(keyring(), owner)
    with pytest.raises(DamagedText):
        await unwrap_data_key(keyring(), replace(record, owner=other))
    with pytest.raises(DamagedText):
        await unwrap_data_key(keyring(), replace(record, id="0" * 16))


@given(st.data())
async def test_a_wrapped_text_with_any_character_changed_does_not_open(data: st.DataObject) -> None:
    record = await make_data_key(keyring(), "ada")
    place = data.draw(st.integers(0, len(record.wrapped) - 1))
    character = data.draw(st.sampled_from(ALPHABET))
    assume(record.wrapped[place] != character)
    changed = record.wrapped[:place] + character + record.wrapped[place + 1 :]
    with pytest.raises((DamagedText, WrongKey)):
        await unwrap_data_key(keyring(KEY, OTHER_KEY), replace(record, wrapped=changed))


async def test_a_wrapped_text_that_holds_no_key_is_refused() -> None:
    record = await make_data_key(keyring(), "ada")
    wrapped = await keyring().wrap(b"too short", wrap_context("ada", record.id))
    with pytest.raises(DamagedText):
        await unwrap_data_key(keyring(), replace(record, wrapped=wrapped))


async def test_the_first_key_seals_and_all_open() -> None:
    old = await make_data_key(keyring(KEY), "ada")
    both = keyring(OTHER_KEY, KEY)
    new = await rewrap_data_key(both, old)
    assert await both.key_ids() == (key_id(OTHER_KEY), key_id(KEY))
    assert (new.wrapped_with, new.id) == (key_id(OTHER_KEY), old.id)
    assert (await unwrap_data_key(both, old)) == (await unwrap_data_key(both, new))
    assert (await unwrap_data_key(keyring(OTHER_KEY), new)).id == old.id
    with pytest.raises(WrongKey) as caught:
        await unwrap_data_key(keyring(OTHER_KEY), old)
    assert caught.value.key_id == key_id(KEY)


async def test_a_key_given_twice_is_one() -> None:
    assert await keyring(KEY, OTHER_KEY, KEY).key_ids() == (key_id(KEY), key_id(OTHER_KEY))


async def test_a_passphrase_is_stretched_once_when_first_needed() -> None:
    asked = []

    async def salt() -> bytes:
        asked.append(1)
        await asyncio.sleep(0)
        return SALT

    ring = LocalKeyring([PASSPHRASE, KEY], salt)
    assert asked == []
    found = await asyncio.gather(*(ring.key_ids() for _ in range(20)))
    assert set(found) == {(key_id(derive_key(PASSPHRASE, SALT)), key_id(KEY))}
    assert asked == [1]


async def test_a_salt_that_cannot_be_had_yet_is_asked_for_again() -> None:
    asked = []

    async def salt() -> bytes:
        asked.append(1)
        if len(asked) == 1:
            raise OSError("the database is away")
        return SALT

    ring = LocalKeyring([PASSPHRASE], salt)
    with pytest.raises(OSError, match="away"):
        await ring.key_ids()
    assert len(await ring.key_ids()) == 1


async def test_keys_need_no_database() -> None:
    async def salt() -> bytes:
        raise AssertionError("not asked")

    assert await LocalKeyring([KEY], salt).key_ids() == (key_id(KEY),)


def test_a_keyring_shows_no_key() -> None:
    assert repr(keyring(KEY, PASSPHRASE)) == "LocalKeyring(2 keys)"
    assert PASSPHRASE.text not in repr(PASSPHRASE)
