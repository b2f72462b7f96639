"""One server's address over HTTP, and what every request to it carries."""

import asyncio
import base64
from collections.abc import Mapping
from http import HTTPStatus

import aiohttp
from mcp.shared.exceptions import MCPError
from mcp.shared.inbound import MCP_PROTOCOL_VERSION_HEADER
from mcp.types import INTERNAL_ERROR, METHOD_NOT_FOUND
from yarl import URL

from app.domain.launch import HttpLaunch
from app.sessions.http_failures import BadStatus, BrokenAnswer
from app.sessions.http_pool import HttpPool
from app.sessions.reading import Unreadable, read_message
from app.sessions.rpc import error_of
from app.sessions.wire import MAX_MESSAGE_BYTES, CannotOpen, MessageTooBig

EVENT_STREAM = "text/event-stream"
SESSION_ID = "mcp-session-id"
MAX_ERROR_BYTES = 64 * 1024
MAX_ID_LENGTH = 4096
# How long and how much is read after an answer, so that the connection can be kept.
DRAIN_SECONDS = 1.0
DRAIN_BYTES = 64 * 1024
# What the transport itself says; a server's declared headers do not get in its way.
RESERVED = frozenset(
    {
        "accept",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "last-event-id",
        "mcp-method",
        "mcp-name",
        MCP_PROTOCOL_VERSION_HEADER,
        SESSION_ID,
        "transfer-encoding",
        "upgrade",
    }
)


class Endpoint:
    """Sends to one server. `session_id` and `version` go out with every request once known."""

    def __init__(self, pool: HttpPool, launch: HttpLaunch) -> None:
        self._pool = pool
        self._launch = launch
        self._declared = {k: v for k, v in launch.headers.items() if k.lower() not in RESERVED}
        self._loop = asyncio.get_running_loop()
        self.url = URL()
        self.session_id: str | None = None
        self.version: str | None = None
        self.last_heard = self._loop.time()

    def prepare(self) -> None:
        """Read the address and the headers.

        Raises:
            CannotOpen: They are not valid.
        """
        try:
            url = URL(self._launch.url).with_fragment(None)
            user, password = url.user, url.password
            self.url = url.with_user(None)
        except ValueError:
            raise CannotOpen("its address is not valid") from None
        if url.scheme not in ("http", "https") or not url.host:
            raise CannotOpen("its address is no http or https URL")
        for name, value in self._declared.items():
            if not _is_header(name, value):
                raise CannotOpen(f"the header {name!r} cannot be sent")
        if user is not None and "authorization" not in {k.lower() for k in self._declared}:
            pair = f"{user}:{password or ''}".encode()
            self._declared["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"

    async def post(
        self, body: bytes, stamped: Mapping[str, str], *, to: URL | None = None
    ) -> aiohttp.ClientResponse:
        """Send a message; `stamped` are the headers that belong to it."""
        headers = self._headers("application/json, text/event-stream")
        headers["content-type"] = "application/json"
        headers.update(stamped)
        response = await self._pool.request(
            "POST", to or self.url, headers=headers, body=body, reach=self._launch.reach
        )
        if to is None:
            # Where a redirect led, which is most often a slash more: asking again at the old
            # address would cost every call another round.
            self.url = response.url
        self.heard()
        return response

    async def get(self, last_id: str = "") -> aiohttp.ClientResponse:
        """Ask for an event stream, from after that event on."""
        headers = self._headers(EVENT_STREAM)
        if last_id:
            headers["last-event-id"] = last_id
        response = await self._pool.request(
            "GET", self.url, headers=headers, reach=self._launch.reach
        )
        self.heard()
        return response

    async def delete(self) -> None:
        """Tell the server that the session is over."""
        headers = self._headers("application/json, text/event-stream")
        response = await self._pool.request(
            "DELETE", self.url, headers=headers, reach=self._launch.reach
        )
        response.close()

    def heard(self) -> None:
        """Note that the server has said something."""
        self.last_heard = self._loop.time()

    def _headers(self, accept: str) -> dict[str, str]:
        headers = {"accept": accept, **self._declared}
        if self.session_id is not None:
            headers[SESSION_ID] = self.session_id
        if self.version is not None:
            headers[MCP_PROTOCOL_VERSION_HEADER] = self.version
        return headers


def session_id_of(response: aiohttp.ClientResponse) -> str | None:
    """The session id that the server gave, if it can be sent back."""
    given = response.headers.get(SESSION_ID)
    return given if is_sendable_id(given or "") else None


def is_sendable_id(given: str) -> bool:
    """Whether an id of the server's may stand in a header."""
    return 0 < len(given) <= MAX_ID_LENGTH and given.isprintable() and given.isascii()


async def read_json(response: aiohttp.ClientResponse, limit: int = MAX_MESSAGE_BYTES) -> object:
    """The body, read to its end, so that the connection can be used again.

    Raises:
        MessageTooBig, BrokenAnswer: It is too large, or no JSON.
    """
    parts, size = [], 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > limit:
            told = f"The answer is larger than {limit / 1024**2:g} MiB"
            raise MessageTooBig(INTERNAL_ERROR, told)
        parts.append(chunk)
    try:
        return read_message(parts[0] if len(parts) == 1 else b"".join(parts))
    except Unreadable:
        raise BrokenAnswer("The answer is no JSON") from None


def is_json(response: aiohttp.ClientResponse) -> bool:
    """Whether the body says that it is JSON."""
    kind = response.content_type
    return kind == "application/json" or kind.endswith("+json")


async def refusal_in(response: aiohttp.ClientResponse) -> MCPError:
    """The JSON-RPC error in an answer that is no success, or else its status."""
    if response.status >= 400 and is_json(response):
        try:
            message = await read_json(response, MAX_ERROR_BYTES)
        except MCPError:
            return BadStatus(response.status)
        error = message.get("error") if isinstance(message, dict) else None
        if isinstance(error, dict) and isinstance(error.get("code"), int):
            return error_of(error)
    return BadStatus(response.status)


async def drain(response: aiohttp.ClientResponse) -> None:
    """Read what is left of a response that is as good as over, and close it; never fails."""
    left = DRAIN_BYTES
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            async for chunk in response.content.iter_any():
                left -= len(chunk)
                if left < 0:
                    break
    except (aiohttp.ClientError, OSError):
        pass
    finally:
        response.close()


def is_session_unknown(status: int | None, error: MCPError) -> bool:
    """Whether a refusal means that the session has ended (MCP spec: 404).

    Servers built after the TypeScript SDK's examples say 400, in words.
    """
    if status == HTTPStatus.NOT_FOUND:
        return error.error.code != METHOD_NOT_FOUND or isinstance(error, BadStatus)
    return status == HTTPStatus.BAD_REQUEST and "session id" in error.error.message.lower()


def _is_header(name: str, value: str) -> bool:
    is_name = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return is_name and not any(c < " " or c == "\x7f" or "\ud800" <= c <= "\udfff" for c in value)
