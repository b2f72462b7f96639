"""Deployment keys: several at once, of which the first seals and all open."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from app.vault.keys import KeySource, key_id
from app.vault.parts import NONCE_BYTES, DamagedText, WrongKey, decode, decrypt, encrypt
from app.vault.passphrase import Passphrase, derive_key

VERSION = "k1"
# Data keys, and the secrets that the first release sealed under a deployment key directly.
OPENED_VERSIONS = (VERSION, "v1")
KEY_ID = re.compile(r"[0-9a-f]{12}")

Salt = Callable[[], Awaitable[bytes]]


class KeyProvider(Protocol):
    """Whatever holds the deployment keys: this process, or a KMS.

    It is asked once a minute for the data key of each user whose secrets are used: what was opened
    is kept for no longer.
    """

    async def key_ids(self) -> Sequence[str]:
        """The ids of the keys it opens with; the first is the one that seals."""

    async def wrap(self, plain: bytes, context: bytes) -> str:
        """The bytes under the sealing key, bound to the context."""

    async def unwrap(self, text: str, context: bytes) -> bytes:
        """The bytes that were wrapped.

        Raises WrongKey for a key it does not have, DamagedText for another context or a
        changed text.
        """


class LocalKeyring:
    """The KeyProvider over keys in this process: `k1.<key id>.<nonce>.<ciphertext>`.

    A passphrase becomes a key at the first use, in a thread, once: its salt is in the database.
    """

    def __init__(self, sources: Sequence[KeySource], salt: Salt) -> None:
        self._sources = tuple(sources)
        self._salt = salt
        self._by_id: Mapping[str, bytes] | None = None
        self._deriving = asyncio.Lock()

    def __repr__(self) -> str:
        return f"LocalKeyring({len(self._sources)} keys)"

    async def key_ids(self) -> Sequence[str]:
        """The ids of the keys; the first seals."""
        return tuple(await self._keys())

    async def wrap(self, plain: bytes, context: bytes) -> str:
        """The bytes under the first key, bound to the context."""
        used, key = next(iter((await self._keys()).items()))
        return ".".join((VERSION, used, *encrypt(key, plain, context)))

    async def unwrap(self, text: str, context: bytes) -> bytes:
        """The bytes of a wrapped data key, or of a v1 text.

        Raises:
            WrongKey: It was sealed with a key that is not on this ring.
            DamagedText: It was changed, or sealed for another context.
        """
        parts = text.split(".")
        if len(parts) != 4 or parts[0] not in OPENED_VERSIONS or not KEY_ID.fullmatch(parts[1]):
            raise DamagedText("not a sealed text of a known version")
        nonce, ciphertext = decode(parts[2], NONCE_BYTES), decode(parts[3])
        key = (await self._keys()).get(parts[1])
        if key is None:
            raise WrongKey(parts[1])
        return decrypt(key, nonce, ciphertext, context)

    async def _keys(self) -> Mapping[str, bytes]:
        """The keys by id; whoever comes while a passphrase is being stretched waits for it."""
        if self._by_id is not None:
            return self._by_id
        async with self._deriving:
            if self._by_id is None:
                keys = [await self._key(source) for source in self._sources]
                self._by_id = {key_id(key): key for key in keys}
            return self._by_id

    async def _key(self, source: KeySource) -> bytes:
        if isinstance(source, Passphrase):
            return await asyncio.to_thread(derive_key, source, await self._salt())
        return source
