"""How many secrets there may be."""

import pytest

from app.domain.clock import utc_now
from app.domain.errors import AppError, ErrorCode
from app.models.secrets import SecretDoc
from app.services.secrets import MOST_SECRETS
from tests.services.conftest import World, add, keep


async def store(username: str, server_name: str, number: int) -> None:
    now = utc_now()
    await SecretDoc.get_motor_collection().insert_many(
        {
            "username": username, "server_name": server_name, "name": f"key{n}",
            "sealed": "v2.x", "key_id": "x", "created_at": now, "updated_at": now,
        }
        for n in range(number)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("username", "words"), [("ada", "the most for one user"), (None, "the most for one server")]
)
async def test_one_too_many_is_refused_and_one_that_is_there_can_be_changed(
    world: World, username: str | None, words: str
) -> None:
    await add(world)
    await store(username or "", "s", MOST_SECRETS)
    with pytest.raises(AppError) as caught:
        await keep(world, username, "another", "a value")
    assert caught.value.code is ErrorCode.CONFLICT
    assert words in caught.value.message
    assert await world.stores.secrets.count(username or "", "s") == MOST_SECRETS
    await keep(world, username, "key7", "a value")
    await keep(world, "bob", "another", "a value")


async def test_what_all_users_share_is_counted_for_each_server(world: World) -> None:
    await add(world, "s")
    await add(world, "t")
    await store("", "s", MOST_SECRETS)
    await keep(world, None, "another", "a value", server="t")
    await store("ada", "s", MOST_SECRETS)
    with pytest.raises(AppError):  # a user's own count together
        await keep(world, "ada", "another", "a value", server="t")
