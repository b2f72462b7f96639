"""Keyrings and vaults of known keys."""

from app.vault.keyring import LocalKeyring
from app.vault.keys import KeySource
from app.vault.vault import EnvelopeVault

KEY = bytes(range(7, 39))
OTHER_KEY = bytes(range(8, 40))
SALT = bytes(range(32))


async def fixed_salt() -> bytes:
    return SALT


def keyring(*keys: KeySource) -> LocalKeyring:
    return LocalKeyring(keys or (KEY,), fixed_salt)


def vault(*keys: KeySource) -> EnvelopeVault:
    return EnvelopeVault(keyring(*keys))
