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
from app.edge.at_once import KEY
from app.edge.authentication import Callers
from app.edge.bodies import Bodies
from app.edge.direct import Table
from app.edge.envelope import refusal_response, surprise
from app.edge.exchange import Exchange
from app.edge.head import Head, head_of
from app.edge.headers import cors
from app.edge.hosts import Hosts
from app.edge.request_id import name_request
from app.lookout import Lookout

log = logging.getLogger(__name__)

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
        self._cors = cors(self._answer, cors_origins) if cors_origins else self._answer
        self._has_cors = bool(cors_origins)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer one request, or serve one WebSocket, or the application's lifespan."""
        if scope["type"] != "http":
            return self._serve(scope, receive, send)
        exchange = scope[KEY] = Exchange(scope, receive, send, self._bodies, self._lookout)
        inside = self._ask_cors if self._has_cors else self._answer
        return inside(scope, exchange.receive, exchange.send)

    async def _ask_cors(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._cors(scope, receive, send)
        finally:
            scope.pop(KEY, None)  # it may have answered by itself

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange: Exchange = scope[KEY]
        head = exchange.head
        failure: AppError | None = None
        try:
            answer: ASGIApp | None
            if head.door is None:
                answer = await self._let_in(scope, head)
            elif head.is_public:
                answer = head.door
            else:
                answer = await self._callers.refusal(scope, head) or head.door
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
            del scope[KEY]  # neither must wait for a collection
        if failure is not None and not exchange.has_started:
            await refusal_response(scope, failure)(scope, receive, send)

    async def _let_in(self, scope: Scope, head: Head) -> ASGIApp:
        """The answer to the first request with such a head: a refusal, or its door from now on."""
        refusal = self._hosts.refusal(scope, head)
        if refusal is not None:
            return refusal
        head.is_public = self._callers.is_public(scope)
        if not head.is_public and (refusal := await self._callers.refusal(scope, head)) is not None:
            return refusal
        if (refusal := self._bodies.refusal(scope, head)) is not None:
            return refusal
        head.door = self._table.get((scope["method"], scope["path"]), self._app)
        return head.door

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if scope["type"] == "websocket":
                head = head_of(scope)
                send = _named(send, name_request(scope, head))
                if self._hosts.refusal(scope, head) is not None:
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
