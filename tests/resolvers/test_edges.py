"""Edges: read in as many round trips however many servers there are; one failure stays its own."""

from typing import Any, cast

import pytest

from app.domain.principal import local_principal
from app.models.servers import ServerDoc
from app.resolvers.context import Context
from app.resolvers.schema import build_engine
from tests.models import factories
from tests.product import Product
from tests.services.conftest import World, world
from tests.subjects import SERVERS

__all__ = ["world"]  # pytest finds the fixture here

NESTED = """{
  servers(first: 100) { nodes {
    name status package { name version server { name package { name } } }
    tools(first: 2) { nodes { name server { name package { name } } } }
    sessions { state server { name } }
  } }
  secrets(first: 100) { nodes { name delivery server { name package { name } } } }
}"""
# What the operation reads: secrets, servers, packages, and once more along each edge back.
MOST_ROUND_TRIPS = 9


async def round_trips(world: World) -> int:
    """How many reads MongoDB itself has seen while the operation ran."""
    caller, nothing = local_principal(), cast("Any", None)  # no resolver here asks for it
    context = Context(
        deps=world.deps,
        principal=caller,
        request=nothing,
    )
    database = ServerDoc.get_motor_collection().database
    await database.drop_collection("system.profile")
    await database.command("profile", 2)
    try:
        result = await build_engine().execute(NESTED, context_value=context)
    finally:
        await database.command("profile", 0)
    assert result.errors is None
    assert result.data is not None
    own = {"op": "query", "ns": {"$not": {"$regex": "system"}}}
    return int(await database["system.profile"].count_documents(own))


async def add_servers(world: World, count: int) -> None:
    for number in range(count):
        name = f"s{number:02}"
        await world.stores.servers.insert(factories.server(name, install_id=f"i{number}"))
        await world.stores.packages.claim(factories.package(name, install_id=f"i{number}"))


async def test_fifty_servers_cost_as_many_round_trips_as_two(world: World) -> None:
    await add_servers(world, 2)
    few = await round_trips(world)
    for name in ("s00", "s01"):
        await world.stores.servers.delete(name, install_id=f"i{int(name[1:])}")
        await world.stores.packages.delete(f"i{int(name[1:])}", owner="somebody/alive")
    await add_servers(world, 50)
    assert await round_trips(world) == few
    assert few <= MOST_ROUND_TRIPS


LISTED = "{ servers { nodes { name resources { nodes { uri } } status } } }"


def test_a_server_that_fails_does_not_empty_the_list(product: Product) -> None:
    product.add_server("broken", SERVERS / "there-is-no-such-script.py")
    try:
        answer = product.post_graphql(LISTED)
    finally:
        product.rest("DELETE", "/mcp/servers/broken")
    shown: dict[str, Any] = {node["name"]: node for node in answer["data"]["servers"]["nodes"]}
    assert {"a", "b", "c", "broken"} <= shown.keys()
    assert shown["broken"]["resources"] is None
    assert shown["a"]["status"] == "CONNECTED"
    (error,) = [e for e in answer["errors"] if e["extensions"]["code"] == "SERVER_DID_NOT_START"]
    assert error["path"][:2] == ["servers", "nodes"]


PAGE = """query ($after: String, $filter: ServerFilter, $order: Order) {
  servers(first: 1, after: $after, filter: $filter, orderBy: $order) {
    nodes { name } pageInfo { hasNextPage endCursor }
  }
}"""


def walk(product: Product, **variables: object) -> list[str]:
    """The names of all servers, page by page."""
    names: list[str] = []
    after, more = None, True
    while more:
        page = product.graphql(PAGE, after=after, **variables)
        names += [node["name"] for node in page["nodes"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    return names


@pytest.mark.parametrize(
    ("only", "order", "names"),
    [
        ({}, {}, ["a", "b", "c"]),
        ({}, {"direction": "DESC"}, ["c", "b", "a"]),
        ({}, {"field": "CREATED_AT"}, ["a", "b", "c"]),
        ({}, {"field": "CREATED_AT", "direction": "DESC"}, ["c", "b", "a"]),
        ({"nameContains": "B"}, {}, ["b"]),
        ({"enabled": False}, {}, []),
        ({"enabled": True, "transport": "STDIO", "status": "CONNECTED"}, {}, ["a", "b", "c"]),
        ({"packaged": True}, {}, []),
        ({"nameContains": ""}, {"field": "UPDATED_AT"}, ["a", "b", "c"]),
    ],
    ids=range(9),
)
def test_servers_are_filtered_and_ordered_page_by_page(
    product: Product, only: object, order: object, names: list[str]
) -> None:
    found = walk(product, filter=only, order=order)
    assert [name for name in found if name in ("a", "b", "c")] == names


def test_tools_are_found_by_their_words(product: Product) -> None:
    query = """query ($filter: ToolFilter) {
      tools(filter: $filter) { nodes { name serverName hints { readOnly destructive } } }
    }"""
    for text, server in (("pid", "a"), ("PID", "b")):
        found = product.graphql(query, filter={"serverName": server, "text": text})["nodes"]
        assert {"name": "pid", "serverName": server}.items() <= found[0].items()
    assert product.graphql(query, filter={"text": "no such words"})["nodes"] == []
    assert product.graphql(query, filter={"serverName": "a", "readOnly": True})["nodes"] == []
