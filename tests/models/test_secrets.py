"""Stored secrets: exact places, sealed text only."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from bson import decode

from app.domain.page import PageRequest
from app.domain.secret import SealedSecret, Secret, SecretRef
from app.models.secrets import SecretDoc
from app.vault.vault import SingleKeyVault
from tests.conftest import Stores
from tests.models.factories import NOW

REF = SecretRef("ada", "weather", "a.b")
NEIGHBOURS = [
    replace(REF, name="a"), replace(REF, name="a.b.c"), replace(REF, name="A.B"),
    replace(REF, name="axb"), replace(REF, username="ad"), replace(REF, username="Ada"),
    replace(REF, username="ada.x"), replace(REF, server_name="weather.x"),
    replace(REF, server_name="weathe"), replace(REF, server_name="Weather"),
]  # fmt: skip


async def put(stores: Stores, ref: SecretRef, sealed: str = "sealed") -> Secret:
    return await stores.secrets.put(ref, sealed, "key", NOW)


async def test_a_secret_is_listed_without_its_value(stores: Stores) -> None:
    stored = await put(stores, REF)
    assert stored == Secret(ref=REF, key_id="key", created_at=NOW, updated_at=NOW)
    assert await stores.secrets.find(REF) == stored
    assert await stores.secrets.list_page("ada", None, PageRequest(5)) == [stored]
    assert "sealed" not in repr(stored)


async def test_a_secret_set_again_is_replaced_and_keeps_its_birthday(stores: Stores) -> None:
    await put(stores, REF, "first")
    later = NOW + timedelta(days=1)
    stored = await stores.secrets.put(REF, "second", "key2", later)
    assert stored == Secret(ref=REF, key_id="key2", created_at=NOW, updated_at=later)
    assert await stores.secrets.list_sealed("ada", "weather") == [SealedSecret(REF, "second")]


async def test_twenty_settings_of_one_secret_leave_one(stores: Stores) -> None:
    texts = [f"sealed {n}" for n in range(20)]
    await asyncio.gather(*(put(stores, REF, text) for text in texts))
    found = await stores.secrets.list_sealed("ada", "weather")
    assert len(found) == 1
    assert found[0].sealed in texts


@pytest.mark.parametrize("neighbour", NEIGHBOURS, ids=str)
async def test_a_place_is_matched_exactly(stores: Stores, neighbour: SecretRef) -> None:
    await put(stores, neighbour)
    assert await stores.secrets.find(REF) is None
    assert await stores.secrets.delete(REF) is False
    assert await stores.secrets.find(neighbour) is not None


async def test_only_the_users_own_for_that_server_are_opened(stores: Stores) -> None:
    for ref in (REF, *NEIGHBOURS):
        await put(stores, ref, f"of {ref.username}")
    found = await stores.secrets.list_sealed("ada", "weather")
    assert {secret.ref.name for secret in found} == {"a", "a.b", "a.b.c", "A.B", "axb"}
    assert {secret.ref.username for secret in found} == {"ada"}
    assert {secret.ref.server_name for secret in found} == {"weather"}


async def test_a_user_name_is_never_a_pattern_or_an_operator(stores: Stores) -> None:
    await put(stores, REF)
    for name in ("$ne", ".*", "{'$gt': ''}", "ada\\"):
        assert await stores.secrets.list_sealed(name, "weather") == []


async def test_pages_go_by_server_and_name(stores: Stores) -> None:
    places = [("a", "x"), ("a", "y"), ("b", "a"), ("b.c", "a"), ("c", "z")]
    for server_name, name in reversed(places):
        await put(stores, SecretRef("ada", server_name, name))
    await put(stores, SecretRef("bob", "a", "x"))

    async def page(after: str | None, server_name: str | None = None) -> list[tuple[str, str]]:
        found = await stores.secrets.list_page("ada", server_name, PageRequest(2, after))
        return [(secret.ref.server_name, secret.ref.name) for secret in found]

    assert await page(None) == places[:3]
    assert await page("a y") == places[2:]
    assert await page("b.c a") == places[4:]
    assert await page(None, "a") == places[:2]
    assert await page("a x", "a") == places[1:2]


async def test_a_servers_secrets_go_with_it_and_no_others(stores: Stores) -> None:
    for username, server_name in (("ada", "a"), ("bob", "a"), ("ada", "a.b"), ("ada", "A")):
        await put(stores, SecretRef(username, server_name, "k"))
    assert await stores.secrets.delete_of_server("a") == 2
    kept = await stores.secrets.list_page("ada", None, PageRequest(10))
    assert [secret.ref.server_name for secret in kept] == ["A", "a.b"]


async def test_secrets_under_another_key_are_counted(stores: Stores) -> None:
    await put(stores, REF)
    await stores.secrets.put(replace(REF, name="b"), "sealed", "other", NOW)
    await stores.secrets.put(replace(REF, name="c"), "sealed", "other", NOW)
    assert await stores.secrets.count_other_keys("key") == 2
    assert await stores.secrets.count_other_keys("other") == 1


async def test_the_raw_database_holds_no_value(stores: Stores) -> None:
    vault = SingleKeyVault(bytes(range(32)))
    value = "planted-value-in-the-clear"
    await stores.secrets.put(REF, vault.seal(REF, value), vault.key_id, NOW)
    collection = SecretDoc.get_motor_collection()
    rows = [row async for row in collection.database.client.test.secrets.find_raw_batches()]
    raw = b"".join(rows)
    assert decode(raw[: int.from_bytes(raw[:4], "little")])["sealed"].startswith("v1.")
    assert value.encode() not in raw
    sealed = (await stores.secrets.list_sealed("ada", "weather"))[0]
    assert vault.open(sealed) == value
