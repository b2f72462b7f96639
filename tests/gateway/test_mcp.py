"""The MCP endpoint, spoken to by the SDK's own client."""

import json
from collections.abc import Iterator
from hashlib import sha256

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, CallToolResult, TextContent

from tests.product import Product

ERAS = ("legacy", "auto")


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("g")).start()
    product.add_fingerprint("one")
    product.add_fingerprint("two__three")
    assert product.call("one", "pid")
    assert product.call("two__three", "pid")
    yield product
    product.stop()


@pytest.mark.parametrize("era", ERAS)
async def test_the_tools_of_all_servers_are_in_one_listing(product: Product, era: str) -> None:
    async with Client(f"{product.address}/mcp", mode=era) as client:
        names = [tool.name for tool in (await client.list_tools()).tools]
    assert names == sorted(names)
    assert {name.rpartition("__")[0] for name in names} == {"one", "two__three"}
    assert "one__fingerprint" in names


@pytest.mark.parametrize("era", ERAS)
async def test_a_call_reaches_its_server_with_the_callers_secrets(
    product: Product, era: str
) -> None:
    product.set_secret("two__three", "key", "known to the default user")
    async with Client(f"{product.address}/mcp", mode=era) as client:
        result = await client.call_tool("two__three__fingerprint", {"city": "Bern"})
    assert json.loads(_text(result)) == {
        "city": sha256(b"Bern").hexdigest(),
        "key": sha256(b"known to the default user").hexdigest(),
    }


async def test_an_unknown_tool_is_a_protocol_error(product: Product) -> None:
    async with Client(f"{product.address}/mcp") as client:
        for name in ("one__nothing", "nothing__echo", "nothing", "__", "one__"):
            with pytest.raises(MCPError) as caught:
                await client.call_tool(name, {})
            assert caught.value.code == INVALID_PARAMS


async def test_a_server_that_dies_is_told_in_a_result(product: Product) -> None:
    async with Client(f"{product.address}/mcp") as client:
        result = await client.call_tool("one__crash", {})
        assert result.is_error
        assert _text(result).startswith("Server 'one' ended during the call: it exited with code 3")
        assert not (await client.call_tool("one__pid", {})).is_error


async def test_a_disabled_servers_tools_are_neither_listed_nor_called(product: Product) -> None:
    assert product.rest("PUT", "/mcp/servers/one/disable").status_code == 200
    async with Client(f"{product.address}/mcp") as client:
        names = [tool.name for tool in (await client.list_tools()).tools]
        result = await client.call_tool("one__pid", {})
    assert product.rest("PUT", "/mcp/servers/one/enable").status_code == 200
    assert not any(name.startswith("one__") for name in names)
    assert result.is_error
    assert _text(result) == "Server 'one' is disabled. Enable it first."


def test_another_sites_host_name_is_refused(product: Product) -> None:
    response = product.rest("POST", "/mcp", {}, headers={"Host": "evil.example"})
    assert (response.status_code, response.json()["code"]) == (403, "HOST_NOT_ALLOWED")


def _text(result: CallToolResult) -> str:
    (part,) = result.content
    assert isinstance(part, TextContent)
    return part.text
