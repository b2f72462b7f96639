"""What another process writes, and what this one does about it.

The other one shares the connection only: its writes come here through the change streams.
"""

import asyncio
import copy
from collections.abc import AsyncIterator, Collection
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from app.domain.clock import utc_now
from app.domain.news import ServerMark
from app.domain.secret import SecretRef
from app.domain.server import new_revision
from app.mongo.changes import ChangeWatch
from app.mongo.database import Database
from app.services.data_keys import shred_user, store_sealed
from app.services.deps import Deps
from app.services.replicas import Replica
from app.services.server_changes import follow_servers
from app.services.servers import delete_server, get_server
from tests.conftest import Stores
from tests.services.conftest import OPERATOR, World, add, keep, until_started
from tests.services.delivering import add_keyed, answer, bound, call, digest, owners
from tests.subjects import text_of
from tests.waiting import is_alive, until

ADA = SecretRef("ada", "s", "key")


@pytest.fixture
async def elsewhere(world: World, database: Database) -> AsyncIterator[Deps]:
    """What another process works with, while this one keeps in step."""
    deaf = copy.copy(database)  # Beanie has one connection in a process
    deaf.changes = ChangeWatch(AsyncMongoClient, {})
    stores = Stores.over(deaf)
    await until(lambda: database.changes.is_live)
    replica = asyncio.create_task(Replica(world.deps).own())
    await asyncio.sleep(0)
    yield replace(
        world.deps,
        servers=stores.servers,
        secrets=stores.secrets,
        data_keys=stores.data_keys,
        deployment=stores.deployment,
    )
    replica.cancel()
    await asyncio.gather(replica, return_exceptions=True)


async def change_server(elsewhere: Deps, **changes: Any) -> None:
    before = await get_server(elsewhere, "s")
    settings = replace(before.settings, **changes)
    after = replace(before, settings=settings, revision=new_revision(), updated_at=utc_now())
    await elsewhere.servers.replace(after, expected=before)


async def test_a_secret_changed_elsewhere_ends_the_session_that_carries_the_old_one(
    world: World, elsewhere: Deps
) -> None:
    await add_keyed(world)
    await keep(world, "ada", "key", "the first key")
    await keep(world, "bob", "key", "the key of bob")
    old, bob = await answer(world, "pid", "ada"), await answer(world, "pid", "bob")
    await store_sealed(elsewhere, ADA, "the second key")
    await until(lambda: not is_alive(old))  # nobody has called
    assert await answer(world, "keys", "ada") == {"API_KEY": digest("the second key")}
    await elsewhere.secrets.delete(ADA)  # that tells nobody whose it was
    await until(lambda: "ada" not in owners(world))
    assert await answer(world, "keys", "ada") == {}
    await shred_user(elsewhere, "bob")
    await until(lambda: not is_alive(bob))
    assert await answer(world, "keys", "bob") == {}


async def test_a_shared_secret_changed_elsewhere_ends_every_session_with_the_old_one(
    world: World, elsewhere: Deps
) -> None:
    await add_keyed(world)
    await keep(world, None, "key", "the first key")
    old = await answer(world, "pid", "ada")
    await store_sealed(elsewhere, SecretRef("", "s", "key"), "the second key")
    await until(lambda: not is_alive(old))
    assert await answer(world, "keys", "ada") == {"API_KEY": digest("the second key")}


async def test_a_secret_set_elsewhere_a_moment_ago_is_never_said_to_be_missing(
    world: World, elsewhere: Deps
) -> None:
    await add_keyed(world, bound(target="API_KEY", is_required=True))
    for number in range(5):
        user = f"user{number}"
        assert await world.deps.secrets.recall_applying(user, "s") == []
        await store_sealed(elsewhere, SecretRef(user, "s", "key"), "a key")
        assert await answer(world, "keys", user) == {"API_KEY": digest("a key")}
        await shred_user(elsewhere, user)
        await store_sealed(elsewhere, SecretRef(user, "s", "key"), "another key")
        assert text_of((await call(world, "pid", user)).raw)  # the old data key is no excuse


async def test_a_session_that_was_on_its_way_with_the_old_secret_does_not_stay(
    world: World, elsewhere: Deps
) -> None:
    await add_keyed(world)
    await keep(world, "ada", "key", "the first key")
    open_all = world.deps.vault.open_all

    async def open_slowly(*given: Any) -> dict[str, str]:
        world.deps.vault.open_all = open_all  # type: ignore[method-assign]
        await store_sealed(elsewhere, ADA, "the second key")
        await asyncio.sleep(0.1)  # the news of it are looked into before there is a session
        return await open_all(*given)

    world.deps.vault.open_all = open_slowly  # type: ignore[method-assign,assignment]
    old = await answer(world, "pid", "ada")
    await until(lambda: not is_alive(old))
    assert await answer(world, "keys", "ada") == {"API_KEY": digest("the second key")}


async def test_a_server_changed_elsewhere_is_started_here_as_it_is_now(
    world: World, elsewhere: Deps
) -> None:
    await add(world)
    await until_started(world, "s")
    (old,) = [view.pid for view in world.registry.views()]
    names = follow_servers(world.deps, OPERATOR, "s")
    async with aclosing(names):
        heard = asyncio.ensure_future(anext(names))
        await asyncio.sleep(0.1)
        await change_server(elsewhere, env={"COLOUR": "blue"})
        name, server = await heard
        assert (name, server is not None and server.settings.env) == ("s", {"COLOUR": "blue"})
    await until(lambda: old not in [view.pid for view in world.registry.views()])
    await until_started(world, "s")
    await change_server(elsewhere, is_enabled=False)
    await until(lambda: world.registry.views() == [])
    await change_server(elsewhere, is_enabled=True)
    await until_started(world, "s")
    await elsewhere.servers.delete("s", install_id=None)
    await until(lambda: world.registry.views() == [])


@pytest.mark.usefixtures("elsewhere")
async def test_a_server_that_takes_the_name_of_a_deleted_one_is_not_ended_with_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, is_back = world.deps.servers.list_marks, asyncio.Event()

    async def read_before_it_is_back(names: Collection[str] | None = None) -> dict[str, ServerMark]:
        marks = await read(names)
        if "s" not in marks and not is_back.is_set():
            is_back.set()
            await add_keyed(world)
            await answer(world, "keys")
        return marks

    await add_keyed(world)
    await answer(world, "keys")
    monkeypatch.setattr(world.deps.servers, "list_marks", read_before_it_is_back)
    await delete_server(world.deps, OPERATOR, "s")
    async with aclosing(world.deps.server_changes.follow(lambda name: name == "s")) as changes:
        async for _ in changes:
            if is_back.is_set():
                break
    assert await answer(world, "keys") == {}
