"""The MCP endpoint, spoken to by the SDK's own client."""

import asyncio
import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, CallToolResult, TextContent

from tests.product import JSON, Product
from tests.subjects import EVERYTHING, KEYED, records
from tests.waiting import until

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


async def test_arguments_that_the_callers_secrets_fill_are_not_asked_for(product: Product) -> None:
    product.add_server("keyed", KEYED)
    assert product.call("keyed", "pid", {"city": "", "token": ""})
    for name, left in (("token", {"city", "note"}), ("city", {"note"})):
        product.set_secret("keyed", name, "of the default user")
        product.set_secret("keyed", "note", "of another user", "ada")
        async with Client(f"{product.address}/mcp") as client:
            tools = (await client.list_tools()).tools
        (tool,) = [tool for tool in tools if tool.name == "keyed__pid"]
        assert set(tool.input_schema["properties"]) == left
        assert tool.input_schema["required"] == sorted(left - {"note"})
    assert product.rest("DELETE", "/mcp/servers/keyed").status_code == 200


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


@pytest.fixture
def record(product: Product, tmp_path: Path) -> Iterator[Path]:
    """What the server `all` has received."""
    path = tmp_path / "record.jsonl"
    product.add_server("all", EVERYTHING, str(path))
    assert product.call("all", "echo", {"text": "ready"}) == "ready"
    yield path
    product.rest("DELETE", "/mcp/servers/all")


@pytest.mark.parametrize("era", ERAS)
async def test_the_progress_of_a_call_reaches_the_client_that_asks_for_it(
    product: Product, record: Path, era: str
) -> None:
    told: list[tuple[float, float | None, str | None]] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    async with Client(f"{product.address}/mcp", mode=era) as client:
        result = await client.call_tool("all__count", {"steps": 3}, progress_callback=on_progress)
        assert _text(result) == "counted to 3"
        assert told == [(1, 3, "step 1"), (2, 3, "step 2"), (3, 3, "step 3")]
        assert _text(await client.call_tool("all__count", {"steps": 1})) == "counted to 1"
    assert len(told) == 3


@pytest.mark.parametrize("era", ERAS)
async def test_a_client_that_leaves_cancels_its_call_at_its_server(
    product: Product, record: Path, era: str
) -> None:
    waiting = asyncio.Event()

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        waiting.set()

    async with Client(f"{product.address}/mcp", mode=era) as client:
        calling = asyncio.create_task(
            client.call_tool("all__wait", {}, progress_callback=on_progress)
        )
        await asyncio.wait_for(waiting.wait(), 20)
        calling.cancel()
        await asyncio.gather(calling, return_exceptions=True)
    await until(lambda: "notifications/cancelled" in methods(record))
    assert product.call("all", "echo", {"text": "on"}) == "on"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json, text/event-stream", "text/event-stream"),
        ("application/json", "application/json"),
        ("*/*", "application/json"),
    ],
)
def test_events_are_for_those_who_name_them(product: Product, accept: str, kind: str) -> None:
    request = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    response = product.rest("POST", "/mcp", request, headers={**JSON, "Accept": accept})
    assert response.headers["content-type"].partition(";")[0] == kind
    body = response.text if kind == "application/json" else response.text.partition("data: ")[2]
    assert "one__fingerprint" in [t["name"] for t in json.loads(body)["result"]["tools"]]


def methods(record: Path) -> list[str]:
    """The methods of what a server has received."""
    return [entry.get("method", "") for entry in records(record)]


def test_another_sites_host_name_is_refused(product: Product) -> None:
    response = product.rest("POST", "/mcp", {}, headers={"Host": "evil.example"})
    assert (response.status_code, response.json()["code"]) == (403, "HOST_NOT_ALLOWED")


def _text(result: CallToolResult) -> str:
    (part,) = result.content
    assert isinstance(part, TextContent)
    return part.text
