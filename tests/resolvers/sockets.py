"""Speaking graphql-transport-ws."""

from collections.abc import Iterator
from typing import Any

import orjson
from websockets.sync.client import ClientConnection


def subscribe(socket: ClientConnection, operation_id: str, payload: dict[str, object]) -> None:
    message = {"id": operation_id, "type": "subscribe", "payload": payload}
    socket.send(orjson.dumps(message).decode())


def receive(socket: ClientConnection) -> dict[str, Any]:
    message: dict[str, Any] = orjson.loads(socket.recv(60))
    return message


def complete(socket: ClientConnection, operation_id: str) -> None:
    """End a subscription."""
    socket.send(orjson.dumps({"id": operation_id, "type": "complete"}).decode())


def events(socket: ClientConnection, operation_id: str = "1") -> Iterator[Any]:
    """What the only field of a subscription gives, until its end."""
    while (message := receive(socket))["type"] == "next":
        assert message["id"] == operation_id
        assert "errors" not in message["payload"], message
        (value,) = message["payload"]["data"].values()
        yield value
    assert message == {"id": operation_id, "type": "complete"}
