"""Data keys in use: one for each user, and nothing opens once it is shredded."""

import asyncio
from dataclasses import replace

import pytest

from app.domain.data_key import DataKey
from app.domain.errors import AppError, ErrorCode
from app.domain.page import PageRequest
from app.domain.secret import SealedSecret, Secret, SecretRef
from app.models.data_keys import DataKeyDoc, MongoDataKeys
from app.services.data_keys import data_key_of, shred_user, store_sealed
from tests.conftest import Stores
from tests.services.key_room import NEW, NEW_ID, OLD, insert_v1, key_room, open_one, value_of

REF = SecretRef("ada", "weather", "API_KEY")


async def test_a_secret_that_is_set_opens(stores: Stores) -> None:
    room = key_room(stores, NEW)
    stored = await store_sealed(room, REF, "first")
    data_key = await stores.data_keys.find("ada")
    assert isinstance(stored, Secret)
    assert data_key is not None
    assert (stored.key_id, data_key.wrapped_with) == (data_key.id, NEW_ID)
    assert await open_one(room, REF) == "first"
    again = await store_sealed(room, REF, "second")
    assert again.key_id == data_key.id
    assert await open_one(room, REF) == "second"


async def test_secrets_of_both_versions_open_side_by_side(stores: Stores) -> None:
    room, old = key_room(stores, NEW, OLD), REF._replace(name="old")
    await insert_v1([old])
    assert await open_one(room, old) == value_of(old)
    await store_sealed(room, REF, "new")
    assert [await open_one(room, ref) for ref in (REF, old)] == ["new", value_of(old)]


async def test_twenty_first_secrets_at_once_share_one_data_key(stores: Stores) -> None:
    room = key_room(stores, NEW)
    refs = [REF._replace(name=f"n{n}") for n in range(20)]
    await asyncio.gather(*(store_sealed(room, ref, value_of(ref)) for ref in refs))
    assert await DataKeyDoc.count() == 1
    for ref in refs:
        assert await open_one(room, ref) == value_of(ref)


async def test_a_users_key_and_secrets_are_shredded_and_nobody_elses(stores: Stores) -> None:
    room = key_room(stores, NEW, OLD)
    for username in ("ada", "Ada", "bob", ""):
        await store_sealed(room, REF._replace(username=username), username)
    await insert_v1([REF._replace(name="old")])
    kept = await stores.secrets.list_applying("ada", "weather")
    assert await shred_user(room, "ada") == 2
    assert await shred_user(room, "ada") == 0
    assert await stores.data_keys.find("ada") is None
    assert await stores.secrets.list_page("ada", None, PageRequest(10)) == []
    for username in ("Ada", "bob", ""):
        assert await open_one(room, REF._replace(username=username)) == username
    # A copy of the row, as from a backup, opens no more.
    row = next(secret for secret in kept if secret.ref == REF)
    for data_key in (None, await data_key_of(room, "ada")):
        with pytest.raises(AppError) as caught:
            await room.vault.open_all(data_key, [row])
        assert caught.value.code in (ErrorCode.SECRET_KEY_MISSING, ErrorCode.SECRET_MOVED)


@pytest.mark.parametrize("username", ["", " ada", "a\nb", "x" * 257])
async def test_what_is_no_user_is_not_shredded(stores: Stores, username: str) -> None:
    room = key_room(stores, NEW)
    await store_sealed(room, REF._replace(username=""), "shared")
    with pytest.raises(AppError) as caught:
        await shred_user(room, username)
    assert caught.value.code is ErrorCode.INVALID_INPUT
    assert await open_one(room, REF._replace(username="")) == "shared"


class ShreddingKeys(MongoDataKeys):
    """The real data keys; their owner is shredded right after, or each time before, a look."""

    def __init__(self, stores: Stores, *, is_once: bool) -> None:
        super().__init__(stores.data_keys._database)
        self._secrets, self._is_once, self._looks = stores.secrets, is_once, 0

    async def find(self, owner: str) -> DataKey | None:
        self._looks += 1
        if not self._is_once:
            await self.delete(owner)
        found = await super().find(owner)
        if self._is_once and self._looks == 1:
            await self.delete(owner)
            await self._secrets.delete_of_user(owner)
        return found


async def test_a_secret_set_while_its_user_is_shredded_opens_or_is_not_stored(
    stores: Stores,
) -> None:
    await data_key_of(key_room(stores, NEW), "ada")
    keys = ShreddingKeys(stores, is_once=True)
    await store_sealed(replace(key_room(stores, NEW), data_keys=keys), REF, "kept")
    assert await open_one(key_room(stores, NEW), REF) == "kept"


async def test_a_secret_whose_user_is_shredded_again_and_again_is_refused(stores: Stores) -> None:
    keys = ShreddingKeys(stores, is_once=False)
    with pytest.raises(AppError) as caught:
        await store_sealed(replace(key_room(stores, NEW), data_keys=keys), REF, "kept")
    assert caught.value.code is ErrorCode.CONFLICT


async def test_a_user_whose_key_is_not_here_can_set_nothing_and_loses_nothing(
    stores: Stores,
) -> None:
    await store_sealed(key_room(stores, OLD), REF, "kept")
    before = await stores.secrets.list_applying("ada", "weather")
    with pytest.raises(AppError) as caught:
        await store_sealed(key_room(stores, NEW), REF, "other")
    assert caught.value.code is ErrorCode.SECRET_KEY_MISSING
    assert await stores.secrets.list_applying("ada", "weather") == before
    assert before[0] == SealedSecret(REF, before[0].sealed)
