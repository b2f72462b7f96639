"""Secrets that change or go: the sessions that carried them, and the users they belonged to."""

import asyncio
from pathlib import Path

import pytest

from app.domain.errors import AppError, ErrorCode
from app.domain.page import PageRequest
from app.domain.session import SessionState
from app.services.secrets import Place, delete_secret
from app.services.users import remove_user
from tests.principals import user
from tests.services.conftest import OPERATOR, World, keep
from tests.services.delivering import (
    ARGUMENTS,
    add_keyed,
    answer,
    call,
    digest,
    owners,
)
from tests.subjects import text_of
from tests.waiting import is_alive, until

ADA = Place(server_name="s", name="key", username="ada")


async def test_a_changed_secret_ends_the_session_that_carried_the_old_one(world: World) -> None:
    await add_keyed(world)
    await keep(world, "ada", "key", "the first key")
    await keep(world, "bob", "key", "the key of bob")
    old, bob = await answer(world, "pid", "ada"), await answer(world, "pid", "bob")
    await keep(world, "ada", "key", "the second key")
    await until(lambda: not is_alive(old))  # at once, without another call
    assert await answer(world, "keys", "ada") == {"API_KEY": digest("the second key")}
    await delete_secret(world.deps, OPERATOR, ADA)
    await until(lambda: "ada" not in owners(world))
    assert await answer(world, "keys", "ada") == {}
    assert await answer(world, "pid", "bob") == bob


async def test_a_changed_shared_value_ends_every_session_that_may_carry_it(world: World) -> None:
    await add_keyed(world)
    await keep(world, None, "key", "the first key")
    old = await answer(world, "pid", "ada")
    await keep(world, None, "key", "the second key")
    await until(lambda: not is_alive(old))
    assert await answer(world, "keys", "ada") == {"API_KEY": digest("the second key")}


async def test_a_secret_changed_elsewhere_is_in_the_next_call(world: World) -> None:
    """Another replica has changed it: nobody here was told, the stamp alone is different."""
    await add_keyed(world)
    await keep(world, "ada", "key", "the first key")
    old = await answer(world, "pid", "ada")
    elsewhere = world.registry.end
    world.registry.end = lambda *_: None  # type: ignore[method-assign]
    await keep(world, "ada", "key", "the second key")
    world.registry.end = elsewhere  # type: ignore[method-assign]
    assert is_alive(old)
    assert await answer(world, "keys", "ada") == {"API_KEY": digest("the second key")}
    await until(lambda: not is_alive(old))


async def test_a_call_in_flight_ends_as_it_began(world: World, tmp_path: Path) -> None:
    await add_keyed(world)
    await keep(world, "ada", "key", "the first key")
    flag = tmp_path / "flag"
    old = await answer(world, "pid", "ada")
    slow = asyncio.create_task(call(world, "wait", "ada", {**ARGUMENTS, "note": str(flag)}))
    await until(flag.exists)
    await keep(world, "ada", "key", "the second key")
    assert await answer(world, "keys", "ada") == {"API_KEY": digest("the second key")}
    states = [v.state for v in world.registry.views() if v.pid == old]
    assert states == [SessionState.DRAINING]
    flag.unlink()
    assert text_of((await slow).raw) == str(old)
    await until(lambda: not is_alive(old))


async def test_a_removed_user_leaves_no_secret_no_key_and_no_process(world: World) -> None:
    await add_keyed(world)
    await keep(world, "ada", "key", "the key of ada")
    await keep(world, "ada", "more", "another")
    await keep(world, "bob", "key", "the key of bob")
    pid, bob = await answer(world, "pid", "ada"), await answer(world, "pid", "bob")
    with pytest.raises(AppError) as caught:
        await remove_user(world.deps, user("ada"), "ada")
    assert caught.value.code is ErrorCode.FORBIDDEN
    assert await answer(world, "pid", "ada") == pid
    assert await remove_user(world.deps, OPERATOR, "ada") == 2
    await until(lambda: not is_alive(pid))
    assert await world.stores.data_keys.find("ada") is None
    assert await world.stores.secrets.list_page("ada", None, PageRequest(10)) == []
    assert await answer(world, "keys", "ada") == {}
    assert await answer(world, "pid", "bob") == bob
    assert await remove_user(world.deps, OPERATOR, "ada") == 0
