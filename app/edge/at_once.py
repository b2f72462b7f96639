"""A whole body and a whole answer in one call each, for doors behind our own server."""

from typing import Protocol

from starlette.types import Scope, Send

from app.edge.headers import RawHeader

KEY = "mcp_api.exchange"


class AtOnce(Protocol):
    """What the exchange of a request offers its door beside `receive` and `send`."""

    def take_body(self) -> bytes | None:
        """The whole body, if it is here and nobody has asked for a part of it.

        Raises:
            AppError: PAYLOAD_TOO_LARGE.
        """

    def takes_whole(self, send: Send) -> bool:
        """Whether `answer` may be called instead of `send`: nothing stands between."""

    def answer(self, status: int, content_type: RawHeader, body: bytes) -> None:
        """Give a whole answer, which brings no headers but its type."""


def at_once_of(scope: Scope) -> AtOnce | None:
    """The request's; None outside of the entrance."""
    exchange: AtOnce | None = scope.get(KEY)
    return exchange
