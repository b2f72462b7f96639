"""Stored secrets: exact places, sealed text only."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from bson import decode

from app.domain.page import PageRequest
from app.domain.secret import SealedSecret, Secret, SecretRef
from app.models.secrets import FIRST_VERSION, FIRST_VERSION_INDEX, SecretDoc
from tests.conftest import Stores
from tests.models.factories import NOW
from tests.vault.keys import vault

REF = SecretRef("ada", "weather", "a.b")
NEIGHBOURS = [
    REF._replace(name="a"), REF._replace(name="a.b.c"), REF._replace(name="A.B"),
    REF._replace(name="axb"), REF._replace(username="ad"), REF._replace(username="Ada"),
    REF._replace(username="ada.x"), REF._replace(server_name="weather.x"),
    REF._replace(server_name="weathe"), REF._replace(server_name="Weather"),
]  # fmt: skip
PAGE = PageRequest(50)


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
    assert await stores.secrets.list_applying("ada", "weather") == [SealedSecret(REF, "second")]


async def test_twenty_settings_of_one_secret_leave_one(stores: Stores) -> None:
    texts = [f"sealed {n}" for n in range(20)]
    await asyncio.gather(*(put(stores, REF, text) for text in texts))
    found = await stores.secrets.list_applying("ada", "weather")
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
    found = await stores.secrets.list_applying("ada", "weather")
    assert {secret.ref.name for secret in found} == {"a", "a.b", "a.b.c", "A.B", "axb"}
    assert {secret.ref.username for secret in found} == {"ada"}
    assert {secret.ref.server_name for secret in found} == {"weather"}


async def test_a_user_name_is_never_a_pattern_or_an_operator(stores: Stores) -> None:
    await put(stores, REF)
    for name in ("$ne", ".*", "{'$gt': ''}", "ada\\"):
        assert await stores.secrets.list_applying(name, "weather") == []


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


async def test_a_users_secrets_go_with_them_and_no_others(stores: Stores) -> None:
    users = ("ada", "ada", "bob", "Ada", "ada.x", "")
    for number, username in enumerate(users):
        await put(stores, SecretRef(username, f"s{number}", "k"))
    assert await stores.secrets.delete_of_user("ada") == 2
    assert await stores.secrets.delete_of_user("ada") == 0
    kept = [s for user in users[2:] for s in await stores.secrets.list_page(user, None, PAGE)]
    assert [secret.ref.username for secret in kept] == [*users[2:]]


async def test_v1_texts_are_counted_by_their_key(stores: Stores) -> None:
    texts = {"a": ("v1.x", "one"), "b": ("v1.y", "two"), "c": ("v1.z", "two"), "d": ("v2.x", "two"),
             "e": ("v10.x", "one"), "f": ("v1", "one")}  # fmt: skip
    for name, (sealed, key_id) in texts.items():
        await stores.secrets.put(REF._replace(name=name), sealed, key_id, NOW)
    assert await stores.secrets.counts_by_key() == {"one": 1, "two": 2}


async def test_v1_texts_are_listed_by_place_in_batches(stores: Stores) -> None:
    places = [("", "z", "z"), ("a", "a", "b"), ("a", "b", "a"), ("a", "b", "b"), ("b", "a", "a")]
    for place in reversed(places):
        await put(stores, SecretRef(*place), "v1.x")
    await put(stores, SecretRef("a", "a", "a"), "v2.x")
    assert await stores.secrets.list_v1(None, 2) == [
        SealedSecret(SecretRef(*place), "v1.x") for place in places[:2]
    ]
    for number, place in enumerate(places, 1):
        found = await stores.secrets.list_v1(SecretRef(*place), 10)
        assert [secret.ref for secret in found] == [SecretRef(*p) for p in places[number:]]


async def test_v1_texts_are_listed_from_an_index_that_holds_no_others(stores: Stores) -> None:
    for number in range(20):
        await put(stores, REF._replace(name=f"n{number}"), "v1.x" if number < 3 else "v2.x")
    find = SecretDoc.get_motor_collection().find(FIRST_VERSION, hint=FIRST_VERSION_INDEX)
    plan = await find.sort([("username", 1), ("server_name", 1), ("name", 1)]).limit(9).explain()
    assert plan["executionStats"]["totalKeysExamined"] == 3
    assert "'SORT'" not in str(plan["queryPlanner"]["winningPlan"])


async def test_a_sealed_text_is_replaced_only_while_it_is_the_expected_one(stores: Stores) -> None:
    first = await put(stores, REF, "v1.x")
    await put(stores, REF._replace(name="b"), "v1.x")
    expected = SealedSecret(REF, "v1.x")
    await put(stores, REF, "set meanwhile")
    assert await stores.secrets.reseal(expected, sealed="v2.x", key_id="new") is False
    now = SealedSecret(REF, "set meanwhile")
    assert await stores.secrets.list_v1(None, 10) == [replace(expected, ref=REF._replace(name="b"))]
    assert await stores.secrets.reseal(now, sealed="v2.x", key_id="new") is True
    assert await stores.secrets.find(REF) == replace(first, key_id="new")
    await stores.secrets.delete(REF)
    assert await stores.secrets.reseal(now, sealed="v2.x", key_id="new") is False
    assert await stores.secrets.find(REF) is None


async def test_the_raw_database_holds_no_value(stores: Stores) -> None:
    value = "planted-value-in-the-clear"
    data_key = await stores.data_keys.insert_or_find(await vault().new_data_key(REF.username))
    await stores.secrets.put(REF, *await vault().seal(data_key, REF, value), NOW)
    collection = SecretDoc.get_motor_collection()
    rows = [row async for row in collection.database.client.test.secrets.find_raw_batches()]
    raw = b"".join(rows)
    assert decode(raw[: int.from_bytes(raw[:4], "little")])["sealed"].startswith("v2.")
    assert value.encode() not in raw
    sealed = await stores.secrets.list_applying("ada", "weather")
    assert await vault().open_all(data_key, sealed) == {REF.name: value}
