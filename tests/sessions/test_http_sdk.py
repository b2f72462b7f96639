"""Streamable HTTP to the SDK's own server: both eras, with and without sessions and streams."""

import asyncio
from typing import Any

import pytest
from mcp.client.subscriptions import ToolsListChanged, listen
from mcp.shared.exceptions import MCPError

from tests.servers.http_sdk import Events, Subject, streamable
from tests.sessions.wires import connected
from tests.waiting import open_files, until

WAYS = {
    "stateful events": {},
    "stateful JSON": {"json_response": True},
    "stateless events": {"stateless_http": True},
    "stateless JSON": {"stateless_http": True, "json_response": True},
}
every_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
both_eras = pytest.mark.parametrize("era", ["initialize", "discover"])


@pytest.fixture
def subject() -> Subject:
    return Subject()


@every_way
@both_eras
async def test_a_hundred_calls_at_once_get_their_own_answers(
    subject: Subject, way: dict[str, Any], era: str
) -> None:
    async with streamable(subject, **way) as url, connected(url) as session:
        await getattr(session.client, era)()
        assert len((await session.client.list_tools()).tools) == 8
        calls = (session.call("echo", {"text": f"number {n}"}) for n in range(100))
        assert await asyncio.gather(*calls) == [f"number {n}" for n in range(100)]


@both_eras
async def test_an_error_of_the_server_comes_as_it_was_sent(subject: Subject, era: str) -> None:
    async with streamable(subject) as url, connected(url) as session:
        await getattr(session.client, era)()
        with pytest.raises(MCPError) as caught:
            await session.call("fail")
        assert caught.value.error.model_dump() == {
            "code": -32011,
            "message": "I would rather not",
            "data": {"why": "so"},
        }
        assert await session.call("echo", {"text": "still here"}) == "still here"


@both_eras
async def test_progress_comes_in_order_and_before_the_result(subject: Subject, era: str) -> None:
    told: list[tuple[float, float | None, str | None]] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        await asyncio.sleep(0)
        told.append((progress, total, message))

    async with streamable(subject) as url, connected(url) as session:
        await getattr(session.client, era)()
        assert await session.call("progress", {"times": 50}, on_progress=on_progress) == "done"
        assert told == [(n, 50, f"step {n}") for n in range(50)]


async def test_a_log_message_goes_to_the_request_it_belongs_to(subject: Subject) -> None:
    told: list[Any] = []
    async with streamable(subject) as url, connected(url) as session:
        await session.client.initialize()
        await session.call("log", on_log=told.append)
        assert told == [{"level": "info", "logger": "me", "data": "said"}]
        assert session.heard == []
        await session.call("log")
        await until(lambda: session.heard == ["LoggingMessageNotification"])


async def test_a_server_that_asks_during_a_call_is_answered(subject: Subject) -> None:
    async with streamable(subject) as url, connected(url) as session:
        await session.client.initialize()
        assert await session.call("ask") == "decline"


async def test_the_servers_own_stream_brings_its_notifications(subject: Subject) -> None:
    async with streamable(subject) as url, connected(url) as session:
        await session.client.initialize()
        await session.call("echo")
        # The stream is asked for beside the first calls: what comes earlier may be missed.
        await until(lambda: session.wire._listening is not None)

        async def grown() -> None:
            while not session.heard:
                await session.call("grow")

        await asyncio.wait_for(grown(), 5)
        assert set(session.heard) == {"ToolListChangedNotification"}


async def test_a_subscription_brings_changes_and_ends(subject: Subject) -> None:
    async with streamable(subject) as url, connected(url) as session:
        await session.client.discover()
        async with listen(session.client, tools_list_changed=True) as events:
            await subject.bus.publish(ToolsListChanged())
            assert await anext(aiter(events)) == ToolsListChanged()
        await until(lambda: session.wire._exchange.pending == {})
        assert await session.call("echo", {"text": "still here"}) == "still here"


async def test_a_stream_that_the_server_cuts_is_taken_up_again(subject: Subject) -> None:
    way: dict[str, Any] = {"event_store": Events(), "retry_interval": 50}
    async with streamable(subject, **way) as url, connected(url) as session:
        await session.client.initialize()
        assert await session.call("pause", {"text": "after all"}) == "after all"
        assert subject.started == ["pause"]


@pytest.mark.parametrize(
    ("way", "era"),
    [
        # Without a session the handshake era has no way to cancel; and the SDK's server does not
        # notice that a client has hung up before its JSON.
        ("stateful events", "initialize"),
        ("stateful JSON", "initialize"),
        ("stateful events", "discover"),
        ("stateless events", "discover"),
    ],
)
async def test_a_cancelled_call_is_cancelled_at_the_server(
    subject: Subject, way: str, era: str
) -> None:
    async with streamable(subject, **WAYS[way]) as url, connected(url) as session:
        await getattr(session.client, era)()
        call = asyncio.create_task(session.call("forever"))
        await until(lambda: subject.started == ["forever"])
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await until(lambda: subject.cancelled == ["forever"])


@both_eras
async def test_a_call_that_takes_too_long_is_cancelled_at_the_server(
    subject: Subject, era: str
) -> None:
    async with streamable(subject) as url, connected(url) as session:
        await getattr(session.client, era)()
        with pytest.raises(MCPError) as caught:
            await session.call("forever", timeout=0.2)
        assert caught.value.error.message == "tools/call was not answered in time"
        await until(lambda: subject.cancelled == ["forever"])


async def test_ending_fails_what_waits_and_ends_the_servers_session(subject: Subject) -> None:
    async with streamable(subject) as url:
        async with connected(url) as session:
            await session.client.initialize()
            calls = [asyncio.create_task(session.call("forever")) for _ in range(5)]
            await until(lambda: len(subject.started) == 5)
            await session.wire.end(grace_seconds=2)
            results = await asyncio.gather(*calls, return_exceptions=True)
            assert [type(r).__name__ for r in results] == ["ConnectionClosed"] * 5
            assert session.wire._endpoint.session_id is None
        await until(lambda: len(subject.cancelled) == 5)


async def test_declared_headers_go_out_with_every_call(subject: Subject) -> None:
    headers = {"Authorization": "Bearer made-up", "Accept": "nonsense", "X-Mine": "1"}
    async with streamable(subject) as url, connected(url, headers=headers) as session:
        await session.client.initialize()
        await session.call("echo")
        ((method, sent),) = subject.requests
        assert method == "POST"
        assert sent["authorization"] == "Bearer made-up"
        assert sent["x-mine"] == "1"
        assert sent["accept"] == "application/json, text/event-stream"
        assert sent["mcp-protocol-version"] == "2025-11-25"
        assert len(sent["mcp-session-id"]) == 32


async def test_connections_are_kept_and_none_is_left(subject: Subject) -> None:
    async with streamable(subject) as url:
        before = open_files()
        async with connected(url) as session:
            await session.client.initialize()
            for n in range(30):
                await session.call("echo", {"text": str(n)})
            # Both ends of each are ours. One is the server's own stream.
            assert (open_files() - before) / 2 <= 4
        await until(lambda: open_files() <= before)
