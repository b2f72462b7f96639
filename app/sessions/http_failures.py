"""What goes wrong over HTTP, in words for people; never with a header or a body in them."""

import contextlib
import os
from collections.abc import Iterator
from http import HTTPStatus

import aiohttp
from mcp.shared.exceptions import MCPError
from mcp.types import INTERNAL_ERROR, METHOD_NOT_FOUND

from app.sessions.wire import NotDelivered

CONNECT_SECONDS = 10.0


class Unreachable(NotDelivered):
    """No connection could be made; `reason` says why."""


class AddressRefused(OSError):
    """The rules of `domain.outbound` forbid a connection to this address; the text says why."""


class SessionUnknown(NotDelivered):
    """The server does not know the session that the message was sent in."""

    def __init__(self) -> None:
        super().__init__("it no longer knows this session")


class BadStatus(MCPError):
    """An answer with an HTTP status that is no success, and no JSON-RPC error in it."""

    def __init__(self, status: int, told: str = "") -> None:
        # Without a session 404 is how servers say that they do not know a method.
        code = METHOD_NOT_FOUND if status == HTTPStatus.NOT_FOUND else INTERNAL_ERROR
        super().__init__(code, f"HTTP status {named(status)}{told}")
        self.status = status


class BrokenAnswer(MCPError):
    """What came back is not what the protocol promises; the text says what it is."""

    def __init__(self, told: str) -> None:
        super().__init__(INTERNAL_ERROR, told)


class BrokenOff(MCPError):
    """The connection broke after the request may have been sent."""

    def __init__(self) -> None:
        super().__init__(INTERNAL_ERROR, "The connection broke before the answer was complete")


def named(status: int) -> str:
    """A status code with its name, where it has one."""
    with contextlib.suppress(ValueError):
        return f"{status} {HTTPStatus(status).phrase}"
    return str(status)


@contextlib.contextmanager
def in_words() -> Iterator[None]:
    """Turn what the HTTP client raises into errors of one request.

    Raises:
        Unreachable: Before anything was sent.
        BrokenOff, BrokenAnswer: After it may have been.
    """
    try:
        yield
    except (
        aiohttp.ClientConnectorError,
        aiohttp.ConnectionTimeoutError,
        aiohttp.ClientHttpProxyError,
        aiohttp.InvalidURL,
    ) as error:
        raise Unreachable(_reason(error)) from None
    except aiohttp.ClientResponseError:
        raise BrokenAnswer("What it answered is no HTTP") from None
    except (aiohttp.ClientError, OSError):
        raise BrokenOff from None


def _reason(error: Exception) -> str:
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return f"no connection within {CONNECT_SECONDS:g} s"
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"the proxy answered with HTTP status {named(error.status)}"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its host name cannot be resolved"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        cause = error.certificate_error
        return f"its certificate is not trusted: {getattr(cause, 'verify_message', '') or 'why?'}"
    if isinstance(error, aiohttp.ClientSSLError):
        return "TLS could not be agreed on"
    if isinstance(error, aiohttp.ClientConnectorError):
        if isinstance(error.os_error, AddressRefused):
            return str(error.os_error)
        number = error.os_error.errno
        words = os.strerror(number).lower() if number else "no connection"
        is_proxy = isinstance(error, aiohttp.ClientProxyConnectionError)
        return f"the proxy: {words}" if is_proxy else words
    return "its address is not valid"
