"""What all transports share: matching answers, handing on, and letting go."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from mcp.shared.exceptions import MCPError

from app.sessions.exchange import MAX_HANDLERS, Exchange, Message
from app.sessions.wire import ConnectionClosed, NotDelivered


class FakeConnection:
    """Takes what is sent, and what is handed on."""

    def __init__(self) -> None:
        self.exchange = Exchange(self, kind="fake", send=self.send)
        self.exchange.serve(self.on_request, self.on_notify, self.intercept)
        self.sent: list[Message] = []
        self.heard: list[str] = []
        self.intercepted: list[str] = []
        self.release = asyncio.Event()

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    async def on_request(
        self, context: Any, method: str, params: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        if method == "refuse":
            raise MCPError(-1, "no")
        if method == "break":
            raise RuntimeError("broken")
        return {"asked": method, "id": context.request_id}

    async def on_notify(self, context: Any, method: str, params: Mapping[str, Any] | None) -> None:
        if method == "wait":
            await self.release.wait()
        if method == "break":
            raise RuntimeError("broken")
        self.heard.append(method)

    def intercept(self, method: str, params: Mapping[str, Any] | None) -> bool:
        self.intercepted.append(method)
        return method == "taken"

    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: Any = None
    ) -> dict[str, Any]:
        raise NotImplementedError

    async def notify(self, method: str, params: Any, opts: Any = None) -> None:
        raise NotImplementedError


async def settled() -> None:
    """Let every task that can go on do so."""
    for _ in range(10):
        await asyncio.sleep(0)


def note(method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "params": params}


async def test_an_answer_is_matched_by_its_id_in_either_spelling() -> None:
    exchange = FakeConnection().exchange
    first, second = exchange.register({}), exchange.register({})
    named = exchange.register({"request_id": "listen-1"})
    exchange.receive({"id": str(second.id), "result": {"n": 2}})
    exchange.receive({"id": first.id, "result": {"n": 1}})
    exchange.receive({"id": "listen-1", "error": {"code": -5, "message": "no", "data": 7}})
    assert (await first.result(), await second.result()) == ({"n": 1}, {"n": 2})
    with pytest.raises(MCPError) as caught:
        await named.result()
    assert caught.value.error.model_dump() == {"code": -5, "message": "no", "data": 7}


@pytest.mark.parametrize(
    "garbage",
    [None, 1, "x", [], [[]], {}, {"id": 99, "result": {}}, {"id": None, "result": {}}, {"id": []}],
)
async def test_garbage_and_answers_to_nobody_change_nothing(garbage: object) -> None:
    exchange = FakeConnection().exchange
    pending = exchange.register({})
    exchange.receive(garbage)
    exchange.receive(garbage, pending)
    assert not pending.is_answered
    exchange.receive([{"id": pending.id, "result": {}}])
    exchange.receive({"id": pending.id, "result": {"twice": True}})
    assert await pending.result() == {}


async def test_on_its_own_stream_only_its_own_answer_counts() -> None:
    exchange = FakeConnection().exchange
    mine, other = exchange.register({}), exchange.register({})
    exchange.receive({"id": other.id, "result": {}}, mine)
    assert not mine.is_answered
    assert not other.is_answered
    exchange.receive({"id": None, "error": {"code": -32700, "message": "what?"}}, mine)
    with pytest.raises(MCPError, match=r"what\?"):
        await mine.result()


async def test_an_id_in_use_is_refused_and_a_minted_one_avoids_it() -> None:
    exchange = FakeConnection().exchange
    exchange.register({"request_id": "1"})
    with pytest.raises(ValueError, match="in use"):
        exchange.register({"request_id": 1})
    assert exchange.register({}).id == 2


async def test_progress_is_handed_on_in_order_however_slow_its_receiver_is() -> None:
    told: list[float] = []

    async def on_progress(progress: float, total: object, message: object) -> None:
        await asyncio.sleep(0.001 if progress % 2 else 0)
        told.append(progress)
        if progress == 3:
            raise RuntimeError("the receiver's own trouble")

    exchange = FakeConnection().exchange
    pending = exchange.register({"on_progress": on_progress})
    for n in range(10):
        exchange.receive(note("notifications/progress", progressToken=str(pending.id), progress=n))
    exchange.receive({"id": pending.id, "result": {}})
    exchange.receive(note("notifications/progress", progressToken=pending.id, progress=10))
    assert await pending.result() == {}
    assert told == [*range(10)]
    exchange.release(pending)


async def test_requests_of_the_server_are_answered_whatever_their_handler_does() -> None:
    connection = FakeConnection()
    for n, method in enumerate(("fine", "refuse", "break")):
        connection.exchange.receive({"id": f"theirs-{n}", "method": method, "params": [1]})
    await settled()
    assert {each["id"]: each.get("result") or each["error"] for each in connection.sent} == {
        "theirs-0": {"asked": "fine", "id": "theirs-0"},
        "theirs-1": {"code": -1, "message": "no"},
        "theirs-2": {"code": -32603, "message": "Internal error"},
    }


async def test_notifications_are_offered_first_to_who_must_see_them_in_order() -> None:
    connection = FakeConnection()
    for method in ("taken", "break", "given"):
        connection.exchange.receive(note(method))
    assert connection.intercepted == ["taken", "break", "given"]
    await settled()
    assert connection.heard == ["given"]


async def test_a_flood_of_notifications_is_bounded() -> None:
    connection = FakeConnection()
    for _ in range(MAX_HANDLERS * 2):
        connection.exchange.receive(note("wait"))
    connection.release.set()
    await settled()
    assert len(connection.heard) == MAX_HANDLERS
    connection.exchange.receive(note("again"))
    await settled()
    assert connection.heard[-1] == "again"


async def test_closing_fails_what_waits_and_stops_what_is_at_work() -> None:
    connection = FakeConnection()
    exchange = connection.exchange

    async def ask() -> Message:
        pending = exchange.register({})
        try:
            return await pending.result()
        finally:
            exchange.release(pending)

    asking = [asyncio.create_task(ask()) for _ in range(3)]
    exchange.receive(note("wait"))
    await settled()
    await exchange.close()
    results = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(result) for result in results] == [ConnectionClosed] * 3
    assert (exchange.pending, connection.heard) == ({}, [])
    with pytest.raises(NotDelivered):
        exchange.register({})
    exchange.receive(note("late"))
    await settled()
    assert connection.heard == []
    await exchange.close()
