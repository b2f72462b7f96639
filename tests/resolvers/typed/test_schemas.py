"""Which schema a caller gets, and when one is made; over real stores and change streams."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from graphql import GraphQLSchema, get_named_type
from starlette.responses import Response
from starlette.types import ASGIApp

from app.domain.page import PageRequest
from app.domain.principal import Principal
from app.domain.server import Server
from app.domain.server_access import ServerAccess
from app.domain.tool import Tool
from app.models.servers import ServerDoc
from app.resolvers.typed.schemas import TypedSchemas
from tests.conftest import Stores
from tests.models.factories import server
from tests.principals import ADMIN, user
from tests.resolvers.typed.making import shared, tool
from tests.services.conftest import World, world
from tests.waiting import DEADLINE_SECONDS, PAUSE_SECONDS, until

__all__ = ["world"]

ADA, BOB = user("ada"), user("bob", "staff")
ECHO = tool("echo", {"properties": {"text": {"type": "string"}}})


class CountingServers:
    """The ServerStore, counting the listings."""

    def __init__(self, stores: Stores) -> None:
        self._servers = stores.servers
        self.listings = 0

    async def list_page(self, page: PageRequest) -> list[Server]:
        self.listings += 1
        return await self._servers.list_page(page)


class Made:
    """Typed schemas of a world, and what was made."""

    def __init__(self, world: World) -> None:
        self.schemas: list[GraphQLSchema] = []
        self.servers = world.stores.servers
        self.counting = CountingServers(world.stores)
        servers: Any = self.counting
        deps = replace(world.deps, servers=servers)
        self.typed = TypedSchemas(deps, shared(), self._view)

    def _view(self, schema: GraphQLSchema) -> ASGIApp:
        self.schemas.append(schema)
        return Response()

    async def add(self, name: str, *tools: Tool, **access: Any) -> Server:
        """A stored server with these tools."""
        made = server(name=name, tools=tools or (ECHO,))
        settings = replace(made.settings, access=ServerAccess(**access))
        made = replace(made, settings=settings)
        await self.servers.insert(made)
        return made

    async def fields(self, caller: Principal = ADMIN) -> dict[str, list[str]]:
        """The tool fields of the server fields that the caller sees."""
        mutation = (await self.typed.get(caller)).schema.mutation_type
        if mutation is None:
            return {}
        kinds: dict[str, Any] = {
            name: get_named_type(f.type) for name, f in mutation.fields.items()
        }
        return {name: [*kind.fields] for name, kind in kinds.items()}


@pytest.fixture
def made(world: World) -> Made:
    return Made(world)


async def test_a_caller_sees_the_servers_that_let_them_in(made: Made) -> None:
    await made.add("all")
    await made.add("ada-only", users=("ada",))
    await made.add("staff", groups=("staff",))
    assert [*await made.fields(ADA)] == ["ada__only", "all"]
    assert [*await made.fields(BOB)] == ["all", "staff"]


async def test_tools_that_the_operator_denies_or_renames_are_so_here(made: Made) -> None:
    tools = [tool(name, {}) for name in ("keep", "drop", "old-name")]
    await made.add("s", *tools, denied_tools=("drop",), renamed_tools={"old-name": "new"})
    assert await made.fields() == {"s": ["keep", "new"]}


async def test_callers_who_may_use_the_same_share_a_schema(made: Made) -> None:
    await made.add("s")
    first, second = await asyncio.gather(made.typed.get(ADA), made.typed.get(BOB))
    assert first is second is await made.typed.get(ADA)
    assert len(made.schemas) == 1


async def test_a_change_is_seen_at_once_and_only_what_changed_is_made_anew(made: Made) -> None:
    await made.add("a")
    b = await made.add("b")
    before = (await made.typed.get(ADMIN)).schema
    await made.servers.remember_tools("b", b.revision, [ECHO, tool("more", {})])
    assert await made.fields() == {"a": ["echo"], "b": ["echo", "more"]}
    after = (await made.typed.get(ADMIN)).schema
    assert after.type_map["A_Tools"] is before.type_map["A_Tools"]
    assert after.type_map["B_Tools"] is not before.type_map["B_Tools"]
    await made.servers.delete("b", install_id=None)
    assert await made.fields() == {"a": ["echo"]}


async def test_a_change_by_another_replica_is_seen(made: Made) -> None:
    await made.add("s")
    assert await made.fields() == {"s": ["echo"]}
    change = {"$set": {"is_enabled": False}}
    await ServerDoc.get_motor_collection().update_one({"name": "s"}, change)
    async with asyncio.timeout(DEADLINE_SECONDS):
        while await made.fields():
            await asyncio.sleep(PAUSE_SECONDS)


async def test_while_nothing_changes_nothing_is_read(made: Made, world: World) -> None:
    await made.add("s")
    await until(lambda: world.deps.news.is_live)
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:  # the news of the insert may still be on its way
            await made.fields()
            listings = made.counting.listings
            await asyncio.sleep(PAUSE_SECONDS)
            await made.fields()
            if made.counting.listings == listings:
                break
    for caller in (ADMIN, ADMIN, ADA):
        await made.fields(caller)
    assert made.counting.listings == listings + 1
    assert len(made.schemas) == 1


async def test_of_many_who_ask_after_a_change_one_reads_and_one_makes(
    made: Made, world: World
) -> None:
    await made.add("s")
    await until(lambda: world.deps.news.is_live)
    await asyncio.gather(*(made.typed.get(ADMIN) for _ in range(50)))
    assert made.counting.listings <= 2  # a second time if the news came in between
    assert len(made.schemas) == 1


async def test_a_server_that_never_stops_changing_holds_nobody_up_for_ever(
    made: Made, world: World
) -> None:
    await made.add("steady")
    flapping = await made.add("flapping")
    await until(lambda: world.deps.news.is_live)
    is_over = asyncio.Event()
    fewest = 20

    async def change() -> None:
        number = 0
        while not is_over.is_set():
            number += 1
            tools = [tool(f"t{number}", {}), ECHO]
            await made.servers.remember_tools("flapping", flapping.revision, tools)

    changing = asyncio.create_task(change())
    async with asyncio.timeout(DEADLINE_SECONDS):
        for _ in range(fewest):
            assert (await made.fields(ADA))["steady"] == ["echo"]
    is_over.set()
    await changing
    last = [tool("last", {})]
    await made.servers.remember_tools("flapping", flapping.revision, last)
    assert (await made.fields(ADA))["flapping"] == ["last"]
