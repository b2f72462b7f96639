"""The HTTP connections that all sessions share."""

import io
import socket
import urllib.request
from collections.abc import Mapping

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from app import __version__
from app.domain.outbound import Reach, address_in, narrowed, why_refused
from app.sessions.http_failures import CONNECT_SECONDS, AddressRefused, BadStatus, Unreachable

MAX_REDIRECTS = 5
# Every session may hold a stream open, and many users' sessions may lead to the same host.
CONNECTIONS_PER_HOST = 10_000
KEPT_PROXIES = 1000
# Shorter than what servers allow (uvicorn and Node: 5 s): a connection that the server closes
# while a request is on its way to it would cost that request.
KEEP_IDLE_SECONDS = 4.0
READ_BYTES = 256 * 1024
# Up to here a body goes out in one piece, without aiohttp's warning about large ones.
ONE_PIECE_BYTES = 512 * 1024


class HttpPool:
    """Sends requests over kept connections: no cookies, no credentials of this process's user.

    Proxies come from the environment (`HTTPS_PROXY`, `NO_PROXY`, …). aiohttp's `trust_env` is not
    used: it would also send passwords of ~/.netrc to servers that any user may declare, and
    it takes two turns in a thread for every request.

    Each reach has connections of its own, which are checked as they are made: the address that is
    judged is the one that is connected to, whatever its name resolved to before or resolves to
    next (DNS rebinding). A proxy decides for itself where it connects to; of what it is asked
    for only addresses are judged, not names, which often it alone can look up.

    `resolver` looks names up; None: the system's.
    """

    def __init__(self, resolver: AbstractResolver | None = None) -> None:
        self._resolver = resolver
        self._sessions: dict[Reach | None, aiohttp.ClientSession] = {}
        self._proxies: dict[URL, URL | None] = {}
        self._is_closed = False

    async def close(self) -> None:
        """Close every connection."""
        self._is_closed = True
        for session in self._sessions.values():
            await session.close()

    async def request(
        self,
        method: str,
        url: URL,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        reach: Reach = Reach.PUBLIC,
    ) -> aiohttp.ClientResponse:
        """The answer, once its head is there; close it in any case. There is no time limit.

        Only redirects to the same origin that keep the method are followed, and those that
        go over to https on the same host.

        Raises:
            Unreachable, BadStatus: It cannot or may not be reached, or redirects to elsewhere.
            aiohttp.ClientError, OSError: See `http_failures.in_words`.
        """
        if self._is_closed:
            raise Unreachable("this program is shutting down")
        for _ in range(MAX_REDIRECTS):
            proxy = self._proxy_for(url)
            response = await self._session_for(url, reach, proxy).request(
                method,
                url,
                headers=headers,
                data=io.BytesIO(body) if body and len(body) > ONE_PIECE_BYTES else body,
                allow_redirects=False,
                proxy=proxy,
            )
            if response.status not in (307, 308):
                return response
            location = response.headers.get("Location")
            response.release()
            url = _followed(url, location, response.status)
        raise BadStatus(response.status, ": it redirects without end")

    def _session_for(self, url: URL, reach: Reach, proxy: URL | None) -> aiohttp.ClientSession:
        host = url.host or ""
        reach = narrowed(reach, host)
        if proxy is None:
            return self._sessions.get(reach) or self._open(reach)
        address = address_in(host)
        why = None if address is None else why_refused(address, reach)
        if why is not None:
            raise Unreachable(why)
        return self._sessions.get(None) or self._open(None)

    def _open(self, reach: Reach | None) -> aiohttp.ClientSession:
        """The connections that go so far; None: to the proxies of the environment."""
        self._sessions[reach] = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0,
                limit_per_host=CONNECTIONS_PER_HOST,
                keepalive_timeout=KEEP_IDLE_SECONDS,
                resolver=self._resolver,
                socket_factory=None if reach is None else _Checked(reach),
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": f"mcp-api/{__version__}"},
            timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS),
            read_bufsize=READ_BYTES,
        )
        return self._sessions[reach]

    def _proxy_for(self, url: URL) -> URL | None:
        origin = url.origin()
        if origin not in self._proxies:
            if len(self._proxies) >= KEPT_PROXIES:
                self._proxies.clear()
            self._proxies[origin] = _proxy_from_environment(origin)
        return self._proxies[origin]


class _Checked:
    """Makes the socket for an address that may be connected to; aiohttp asks for each one."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    def __call__(self, info: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = info
        why = why_refused(str(address[0]), self._reach)
        if why is not None:
            raise AddressRefused(why)
        return socket.socket(family, kind, protocol)


def _proxy_from_environment(origin: URL) -> URL | None:
    found = urllib.request.getproxies().get(origin.scheme)
    if not found or urllib.request.proxy_bypass(f"{origin.host}:{origin.port}"):
        return None
    return URL(found if "://" in found else f"http://{found}")


def _followed(url: URL, location: str | None, status: int) -> URL:
    """Where a redirect leads, if it may be followed there.

    Raises:
        BadStatus: It may not.
    """
    try:
        target = url.join(URL(location or ""))
        origin = target.origin()
    except ValueError:
        raise BadStatus(status, ": it redirects to no valid address") from None
    is_upgrade = (url.scheme, target.scheme, target.host) == ("http", "https", url.host)
    if not location or (origin != url.origin() and not is_upgrade):
        raise BadStatus(status, f": it redirects to {origin}, which is not followed")
    return target
