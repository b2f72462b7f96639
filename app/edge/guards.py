"""What every request passes before any door sees it, as pure ASGI middleware.

Order: Host and Origin check, then the body's type and size, then a net for surprises.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Sequence
from uuid import uuid4

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.domain.errors import AppError, ErrorCode
from app.edge.envelope import refusal_response, shutting_down, surprise
from app.edge.head import announces_body, body_length, header_of, headers_of

log = logging.getLogger(__name__)

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")
BODY_METHODS = ("POST", "PUT", "PATCH", "DELETE")
CLOSE_POLICY_VIOLATION = 1008
# A name or an IP literal, and a port that may be empty (RFC 3986, section 3.2).
AUTHORITY = re.compile(r"([^\s,:@/\[\]]+|\[[0-9A-Fa-f:.]+\])(?::\d*)?")


class HostGuard:
    """Refuses requests for a host name that is not ours, and from pages that are not.

    A page on the internet can make its own name resolve to 127.0.0.1 (DNS rebinding); the Host
    header still carries that name. A page that calls us openly is told by its Origin header,
    which the MCP specification asks servers to check (Transports, Security Warning).
    """

    def __init__(self, app: ASGIApp, allowed: Sequence[str], origins: Sequence[str] = ()) -> None:
        self._app = app
        self._allowed = frozenset(name.lower() for name in (*LOOPBACK_HOSTS, *allowed))
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 403."""
        refusal = None if scope["type"] == "lifespan" else self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": CLOSE_POLICY_VIOLATION})
        else:
            await refusal_response(scope, refusal)(scope, receive, send)

    def _refusal(self, scope: Scope) -> AppError | None:
        hosts = headers_of(scope, b"host")  # RFC 9112, section 3.2: two are none
        if len(hosts) != 1 or _host_name(hosts[0]) not in self._allowed:
            return AppError(
                ErrorCode.HOST_NOT_ALLOWED,
                "This server does not answer to that host name.",
                hint="Use localhost, or add the name to ALLOWED_HOSTS.",
            )
        origins = headers_of(scope, b"origin")
        if len(origins) > 1 or not all(self._is_ours(origin) for origin in origins):
            return AppError(
                ErrorCode.ORIGIN_NOT_ALLOWED,
                "Pages of that site may not call this server.",
                hint="If they should, add the site's origin to CORS_ORIGINS.",
            )
        return None

    def _is_ours(self, origin: str) -> bool:
        if origin in self._origins:
            return True
        scheme, _, authority = origin.partition("://")
        return bool(scheme) and _host_name(authority) in self._allowed


class BodyGuard:
    """Refuses bodies that are too large while they arrive, too slow, encoded, or no JSON.

    Insisting on `application/json` also keeps other sites out: a browser sends that type across
    sites only after asking (CORS preflight), and nobody here says yes.
    """

    def __init__(self, app: ASGIApp, limit: int, seconds: float) -> None:
        self._app = app
        self._limit = limit
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a counted body, or answer 408, 413 or 415."""
        if scope["type"] != "http" or scope["method"] not in BODY_METHODS:
            await self._app(scope, receive, send)
            return
        if (body_length(scope) or 0) > self._limit:
            await refusal_response(scope, self._too_large())(scope, receive, send)
        elif not announces_body(scope):
            await self._app(scope, self._counting(receive), send)
        elif (encoding := _encoding(scope)) != "identity":
            # RFC 9110, section 15.5.16: what would be accepted
            accepted = {"Accept-Encoding": "identity"}
            refusal = refusal_response(scope, _encoded(encoding), accepted)
            await refusal(scope, receive, send)
        elif not _is_json(header_of(scope, b"content-type") or ""):
            await refusal_response(scope, _not_json())(scope, receive, send)
        else:
            await self._app(scope, self._counting(receive), send)

    def _counting(self, receive: Receive) -> Receive:
        seen, is_whole = 0, False
        latest = asyncio.get_running_loop().time() + self._seconds

        async def counted() -> Message:
            nonlocal seen, is_whole
            if is_whole:  # what comes now is the client's end, whenever that may be
                return await receive()
            try:
                async with asyncio.timeout_at(latest):
                    message = await receive()
            except TimeoutError:
                raise self._too_slow() from None
            is_whole = not message.get("more_body", False)
            seen += len(message.get("body", b""))
            if seen > self._limit:
                raise self._too_large()
            return message

        return counted

    def _too_slow(self) -> AppError:
        return AppError(
            ErrorCode.REQUEST_TIMEOUT,
            f"The body did not arrive within {self._seconds:g} s.",
            hint="Send it faster, or raise REQUEST_BODY_SECONDS.",
        )

    def _too_large(self) -> AppError:
        return AppError(
            ErrorCode.PAYLOAD_TOO_LARGE,
            f"The body is larger than {self._limit} bytes.",
            hint="Send less, or raise PAYLOAD_LIMIT.",
        )


class SurpriseGuard:
    """Turns whatever a door lets through into an answer; a bug is logged once and masked."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; answer for it if nothing has been sent when it fails."""
        has_started = False

        def watched(message: Message) -> Awaitable[None]:
            nonlocal has_started
            has_started = True
            return send(message)

        try:
            await self._app(scope, receive, watched)
        except ClientDisconnect:
            return  # nobody is there to answer
        except AppError as error:
            failure = error
        except asyncio.CancelledError:
            if scope["type"] != "http":
                raise
            # Only a stop of the whole server cancels a request, when its time to finish is up.
            failure = shutting_down()
        except Exception:
            reference = uuid4().hex[:12]
            log.exception("Surprise %s at %s", reference, scope.get("path"))
            failure = surprise(reference)
        else:
            return
        if scope["type"] == "http" and not has_started:
            await refusal_response(scope, failure)(scope, receive, send)


def _host_name(authority: str) -> str:
    """The name in `name:port`, in lower case; an IPv6 address keeps its brackets.

    Empty where it is anything else, such as a list of two.
    """
    found = AUTHORITY.fullmatch(authority)
    return "" if found is None else found[1].lower()


def _encoding(scope: Scope) -> str:
    return (header_of(scope, b"content-encoding") or "identity").strip().lower()


def _is_json(content_type: str) -> bool:
    if content_type == "application/json":  # as nearly all clients write it
        return True
    return content_type.partition(";")[0].strip().lower() == "application/json"


def _encoded(encoding: str) -> AppError:
    return AppError(
        ErrorCode.UNSUPPORTED_MEDIA_TYPE,
        f"The body must not be compressed or encoded; it is {encoding[:32]!r}.",
        hint="Send it as it is, without the header Content-Encoding.",
    )


def _not_json() -> AppError:
    return AppError(
        ErrorCode.UNSUPPORTED_MEDIA_TYPE,
        "The body must be JSON.",
        hint="Send it with the header Content-Type: application/json.",
    )
