"""An identity provider's signing keys: fetched, kept for minutes, and fetched again when rotated.

Sources: OpenID Connect Discovery 1.0, section 4; RFC 7517 (JSON Web Key).
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

import aiohttp
import orjson

from app.domain.errors import AppError, ErrorCode

log = logging.getLogger(__name__)

# Keys that the provider has taken back are trusted for this long at most while it answers,
FRESH_SECONDS = 300.0
# and for this long while it does not.
LONGEST_SECONDS = 3600.0
# However many tokens name unknown keys, the provider is not asked more often.
PAUSE_SECONDS = 10.0
FETCH_SECONDS = 5.0
MOST_BYTES = 1024 * 1024

Jwk = Mapping[str, object]


class KeySet:
    """The keys at the provider's `jwks_uri`, which discovery finds unless it is given."""

    def __init__(
        self, issuer: str, jwks_url: str | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._issuer = issuer
        self._url = jwks_url
        self._clock = clock
        self._keys: list[Jwk] = []
        self._fetched_at = self._asked_at = float("-inf")
        self._lock = asyncio.Lock()

    async def find(self, kid: str | None) -> list[Jwk]:
        """The keys of that id; all of them for a token that names none.

        Raises:
            AppError: IDENTITY_PROVIDER_UNAVAILABLE.
        """
        if self._clock() - self._fetched_at > FRESH_SECONDS:
            await self._refresh()
        found = self._matching(kid)
        if not found:  # rotated since
            await self._refresh()
            found = self._matching(kid)
        return found

    def _matching(self, kid: str | None) -> list[Jwk]:
        return [key for key in self._keys if kid is None or key.get("kid") == kid]

    async def _refresh(self) -> None:
        """Fetch the keys, at most every few seconds; old ones do while that fails."""
        asked_at = self._asked_at
        async with self._lock:
            is_due = self._clock() - self._asked_at > PAUSE_SECONDS
            if is_due and asked_at == self._asked_at:  # else somebody has done it meanwhile
                self._asked_at = self._clock()
                try:
                    self._keys = await self._fetch()
                    self._fetched_at = self._clock()
                except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                    log.warning("The keys of %s cannot be read: %s", self._issuer, error)
        if self._clock() - self._fetched_at > LONGEST_SECONDS:
            raise AppError(
                ErrorCode.IDENTITY_PROVIDER_UNAVAILABLE,
                "The keys of the identity provider cannot be read right now.",
                hint="Try again in a moment; the log of this service says why.",
            )

    async def _fetch(self) -> list[Jwk]:
        timeout = aiohttp.ClientTimeout(total=FETCH_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout, trust_env=True) as http:
            if self._url is None:
                self._url = await self._discover(http)
            keys = (await _get(http, self._url)).get("keys")
        if not isinstance(keys, list):
            raise ValueError("there is no list of keys")  # noqa: TRY004 - it is the text that is wrong
        return [key for key in keys if isinstance(key, dict)]

    async def _discover(self, http: aiohttp.ClientSession) -> str:
        place = self._issuer.rstrip("/") + "/.well-known/openid-configuration"
        found = await _get(http, place)
        url = found.get("jwks_uri")
        if found.get("issuer") != self._issuer:
            raise ValueError("the provider calls itself otherwise")
        if not isinstance(url, str) or not url.startswith(("https://", "http://")):
            raise ValueError("the provider names no jwks_uri")
        if self._issuer.startswith("https://") and not url.startswith("https://"):
            raise ValueError("its jwks_uri is not https")
        return url


async def _get(http: aiohttp.ClientSession, url: str) -> dict[str, object]:
    async with http.get(url, allow_redirects=False) as response:
        if response.status != 200:
            raise ValueError(f"it answers with {response.status}")
        data = await response.content.read(MOST_BYTES + 1)
        while len(data) <= MOST_BYTES and (more := await response.content.read(MOST_BYTES)):
            data += more
    if len(data) > MOST_BYTES:
        raise ValueError("its answer is too large")
    value = orjson.loads(data)
    if not isinstance(value, dict):
        raise ValueError("its answer is no JSON object")  # noqa: TRY004 - it is the text that is wrong
    return value
