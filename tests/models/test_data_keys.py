"""Stored data keys: one for each owner, changed only from what they were."""

import asyncio
from dataclasses import replace
from typing import Any

from app.domain.data_key import DataKey
from app.models.data_keys import DataKeyDoc
from tests.conftest import Stores
from tests.models.factories import NOW


def data_key(owner: str = "ada", **changes: Any) -> DataKey:
    record = DataKey(
        owner=owner, id=f"of {owner}", wrapped="k1.x", wrapped_with="old", created_at=NOW
    )
    return replace(record, **changes)


async def test_a_data_key_is_found_by_its_exact_owner(stores: Stores) -> None:
    for owner in ("ada", "", "Ada", "ada.x"):
        assert await stores.data_keys.find(owner) is None
        assert await stores.data_keys.insert_or_find(data_key(owner)) == data_key(owner)
    for name in ("ad", "a.a", "$ne", "{'$gt': ''}"):
        assert await stores.data_keys.find(name) is None
    assert await stores.data_keys.find("ada") == data_key("ada")
    found = await stores.data_keys.find_many(["ada", "", "nobody"])
    assert found == {"ada": data_key("ada"), "": data_key("")}


async def test_of_twenty_data_keys_made_at_once_one_is_kept_and_all_get_it(stores: Stores) -> None:
    made = [data_key(id=f"number {n}") for n in range(20)]
    got = await asyncio.gather(*(stores.data_keys.insert_or_find(record) for record in made))
    stored = await stores.data_keys.find("ada")
    assert stored in made
    assert got == [stored] * 20
    assert await DataKeyDoc.count() == 1


async def test_a_data_key_is_rewrapped_only_from_what_it_was(stores: Stores) -> None:
    await stores.data_keys.insert_or_find(data_key())
    new = data_key(wrapped="k1.y", wrapped_with="new")
    for other in (replace(new, id="shredded and made again"), replace(new, owner="bob")):
        assert await stores.data_keys.rewrap(other, expected="k1.x") is False
    assert await stores.data_keys.rewrap(new, expected="k1.z") is False
    assert await stores.data_keys.find("ada") == data_key()
    assert await stores.data_keys.rewrap(new, expected="k1.x") is True
    assert await stores.data_keys.find("ada") == new
    assert await stores.data_keys.rewrap(new, expected="k1.x") is False


async def test_those_under_other_keys_are_listed_by_owner_in_batches(stores: Stores) -> None:
    owners = ["", "a", "b", "c"]
    for owner in reversed(owners):
        await stores.data_keys.insert_or_find(data_key(owner))
    await stores.data_keys.insert_or_find(data_key("aa", wrapped_with="new"))

    async def listed(key_id: str, after: str | None, limit: int = 10) -> list[str]:
        found = await stores.data_keys.list_wrapped_otherwise(key_id, after, limit)
        return [record.owner for record in found]

    assert await listed("new", None) == owners
    assert await listed("new", None, 2) == owners[:2]
    assert await listed("new", "") == owners[1:]
    assert await listed("new", "a") == owners[2:]
    assert await listed("old", None) == ["aa"]
    assert await stores.data_keys.counts_by_key() == {"old": 4, "new": 1}


async def test_a_data_key_is_deleted_alone(stores: Stores) -> None:
    for owner in ("ada", "bob"):
        await stores.data_keys.insert_or_find(data_key(owner))
    assert await stores.data_keys.delete("ada") is True
    assert await stores.data_keys.delete("ada") is False
    assert await stores.data_keys.find("ada") is None
    assert await stores.data_keys.find("bob") == data_key("bob")
