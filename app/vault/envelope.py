"""Data keys: one for each user, random, and wrapped by a deployment key."""

import secrets
from dataclasses import dataclass, field, replace

from app.domain.clock import utc_now
from app.domain.data_key import DataKey
from app.vault.keyring import KeyProvider
from app.vault.parts import DamagedText, length_prefixed

VERSION = "k1"
DATA_KEY_BYTES = 32
ID_BYTES = 8


@dataclass(frozen=True, slots=True)
class OpenDataKey:
    """An unwrapped data key; dropped after one use, or within a minute (see `opener`)."""

    id: str
    key: bytes = field(repr=False)


async def make_data_key(provider: KeyProvider, owner: str) -> DataKey:
    """A data key of random bytes under the sealing deployment key."""
    opened = OpenDataKey(secrets.token_hex(ID_BYTES), secrets.token_bytes(DATA_KEY_BYTES))
    return DataKey(
        owner=owner,
        id=opened.id,
        wrapped=await provider.wrap(opened.key, wrap_context(owner, opened.id)),
        wrapped_with=(await provider.key_ids())[0],
        created_at=utc_now(),
    )


async def unwrap_data_key(provider: KeyProvider, data_key: DataKey) -> OpenDataKey:
    """The data key itself.

    Raises:
        WrongKey: The deployment key that wrapped it is not here.
        DamagedText: The record was changed, or is another owner's.
    """
    key = await provider.unwrap(data_key.wrapped, wrap_context(data_key.owner, data_key.id))
    if len(key) != DATA_KEY_BYTES:
        raise DamagedText("it is no data key")
    return OpenDataKey(data_key.id, key)


async def rewrap_data_key(provider: KeyProvider, data_key: DataKey) -> DataKey:
    """The same data key under the sealing deployment key.

    Raises:
        WrongKey: The deployment key that wrapped it is not here.
        DamagedText: The record was changed, or is another owner's.
    """
    opened = await unwrap_data_key(provider, data_key)
    wrapped = await provider.wrap(opened.key, wrap_context(data_key.owner, data_key.id))
    return replace(data_key, wrapped=wrapped, wrapped_with=(await provider.key_ids())[0])


def wrap_context(owner: str, data_key_id: str) -> bytes:
    """What a wrapped data key is bound to: `k1`, its owner, its id."""
    return length_prefixed(VERSION, owner, data_key_id)
