"""What every request passes before any door sees it, as one ASGI application.

Its host and origin, its caller, and its body's type and size are looked at in that order; around
them is a net for surprises.
"""

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from uuid import uuid4

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.domain.errors import AppError
from app.edge.authentication import Callers
from app.edge.bodies import Bodies
from app.edge.direct import Table
from app.edge.envelope import refusal_response, surprise
from app.edge.exchange import Exchange
from app.edge.headers import cors
from app.edge.hosts import Hosts
from app.edge.request_id import name_request
from app.lookout import Lookout

log = logging.getLogger(__name__)

EXCHANGE = "mcp_api.exchange"
CLOSE_POLICY_VIOLATION = 1008


class Entrance:
    """Hands a request on to its route in the table, or else to the application: the router.

    What is in the table answers every failure of its own, and uses no path parameters. A WebSocket
    passes without a caller: a browser cannot send a header with it, so its door asks for the token
    in `connection_init`.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Hosts,
        callers: Callers,
        bodies: Bodies,
        lookout: Lookout,
        table: Table,
        cors_origins: Sequence[str] = (),
    ) -> None:
        self._app = app
        self._hosts = hosts
        self._callers = callers
        self._bodies = bodies
        self._lookout = lookout
        self._table = table
        # A refusal, too, is told to pages of these origins.
        self._inside = cors(self._answer, cors_origins) if cors_origins else self._answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or serve one WebSocket, or the application's lifespan."""
        if scope["type"] != "http":
            await self._serve(scope, receive, send)
            return
        exchange = scope[EXCHANGE] = Exchange(scope, receive, send, self._bodies, self._lookout)
        try:
            await self._inside(scope, exchange.receive, exchange.send)
        finally:
            del scope[EXCHANGE]  # neither must wait for a collection

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange: Exchange = scope[EXCHANGE]
        failure: AppError | None = None
        try:
            answer = (
                self._hosts.refusal(scope)
                or await self._callers.refusal(scope)
                or self._bodies.refusal(scope)
                or self._table.get((scope["method"], scope["path"]), self._app)
            )
            exchange.begin()
            await answer(scope, receive, send)
        except ClientDisconnect:
            pass  # nobody is there to answer
        except AppError as error:
            failure = error
        except asyncio.CancelledError:
            failure = exchange.reason_of_cancellation()
        except Exception:
            reference = uuid4().hex[:12]
            log.exception("Surprise %s at %s", reference, scope["path"])
            failure = surprise(reference)
        finally:
            exchange.close()
        if failure is not None and not exchange.has_started:
            await refusal_response(scope, failure)(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if scope["type"] == "websocket":
                send = _named(send, name_request(scope))
                if self._hosts.refusal(scope) is not None:
                    await send({"type": "websocket.close", "code": CLOSE_POLICY_VIOLATION})
                    return
            await self._app(scope, receive, send)
        except (ClientDisconnect, AppError):
            pass  # nobody is there to answer
        except Exception:
            log.exception("Surprise at %s", scope.get("path"))


def _named(send: Send, request_id: tuple[bytes, bytes]) -> Send:
    """The `send` of a WebSocket, whose handshake tells the request's id."""

    def named(message: Message) -> Awaitable[None]:
        if message["type"] == "websocket.accept":
            message["headers"] = [*message.get("headers", ()), request_id]
        return send(message)

    return named
