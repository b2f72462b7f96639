"""The vault the services use: a data key for each user, under the deployment's keys."""

from collections.abc import Sequence

from app.domain.data_key import DataKey
from app.domain.errors import AppError, ErrorCode
from app.domain.secret import SealedSecret, SecretRef
from app.vault.brief_seal import BriefSeal
from app.vault.envelope import OpenDataKey, make_data_key, rewrap_data_key, unwrap_data_key
from app.vault.keyring import KeyProvider
from app.vault.parts import DamagedText, MovedText, SealedTextError, WrongKey
from app.vault.sealed_text import (
    data_key_id_of,
    first_associated_data,
    is_first_version,
    open_sealed,
    seal,
)

SET_AGAIN = "Set it again."
REMOVE_USER = "remove the user and set their secrets again"


class EnvelopeVault:
    """Seals with data keys; opens those texts, and what the first release sealed without."""

    def __init__(self, provider: KeyProvider) -> None:
        self._provider = provider
        # What only this process opens, at one place: for what is kept for a moment.
        brief = BriefSeal()
        self.seal_briefly, self.open_brief = brief.seal, brief.open

    def __repr__(self) -> str:
        return f"EnvelopeVault({self._provider!r})"

    async def key_ids(self) -> Sequence[str]:
        """The ids of the deployment keys: the first seals, all open."""
        return await self._provider.key_ids()

    async def new_data_key(self, owner: str) -> DataKey:
        """A data key of random bytes, under the sealing deployment key."""
        return await make_data_key(self._provider, owner)

    async def rewrap(self, data_key: DataKey) -> DataKey:
        """The same data key under the sealing deployment key.

        Raises:
            AppError: SECRET_KEY_MISSING or SECRET_UNREADABLE.
        """
        try:
            return await rewrap_data_key(self._provider, data_key)
        except SealedTextError as error:
            raise _no_data_key(data_key, error) from None

    async def seal(self, data_key: DataKey, ref: SecretRef, value: str) -> tuple[str, str]:
        """The sealed text of a value, bound to its place, and the data key's id.

        Raises:
            AppError: SECRET_KEY_MISSING or SECRET_UNREADABLE when the data key does not open.
        """
        if data_key.owner != ref.username:
            raise ValueError("a secret is sealed with its owner's data key only")
        opened = await self._unwrap(data_key)
        return seal(opened.key, opened.id, ref, value), opened.id

    async def open_all(
        self, data_key: DataKey | None, secrets: Sequence[SealedSecret]
    ) -> dict[str, str]:
        """The values of one owner's secrets by name, with the data key unwrapped once.

        Raises:
            AppError: SECRET_KEY_MISSING, SECRET_MOVED or SECRET_UNREADABLE, for the first that
                does not open.
        """
        is_needed = any(not is_first_version(secret.sealed) for secret in secrets)
        opened = await self._unwrap(data_key) if data_key is not None and is_needed else None
        return {secret.ref.name: await self._open(opened, secret) for secret in secrets}

    async def _open(self, opened: OpenDataKey | None, secret: SealedSecret) -> str:
        ref, text = secret.ref, secret.sealed
        try:
            if is_first_version(text):
                plain = await self._provider.unwrap(text, first_associated_data(ref))
                return plain.decode()
            if opened is None:
                raise _orphaned(ref, data_key_id_of(text))
            return open_sealed(opened.key, opened.id, ref, text)
        except UnicodeDecodeError:
            raise _refused(ref, DamagedText("it holds no text"), is_first=True) from None
        except SealedTextError as error:
            raise _refused(ref, error, is_first=is_first_version(text)) from None

    async def _unwrap(self, data_key: DataKey) -> OpenDataKey:
        try:
            return await unwrap_data_key(self._provider, data_key)
        except SealedTextError as error:
            raise _no_data_key(data_key, error) from None


def _refused(ref: SecretRef, error: SealedTextError, *, is_first: bool) -> AppError:
    told = f"The stored secret {ref.name!r} for server {ref.server_name!r} cannot be opened: "
    if isinstance(error, WrongKey) and is_first:
        return _key_missing(told, error, otherwise="set the secret again")
    if isinstance(error, WrongKey):
        why = f"it was sealed with the data key {error.key_id!r}, which is not this user's."
        return AppError(ErrorCode.SECRET_MOVED, told + why, hint=SET_AGAIN)
    code = ErrorCode.SECRET_UNREADABLE
    if isinstance(error, MovedText):
        code = ErrorCode.SECRET_MOVED
    return AppError(code, f"{told}{error}.", hint=SET_AGAIN)


def _orphaned(ref: SecretRef, data_key_id: str) -> AppError:
    return AppError(
        ErrorCode.SECRET_KEY_MISSING,
        f"The stored secret {ref.name!r} for server {ref.server_name!r} cannot be opened: "
        f"its data key {data_key_id!r} has been removed.",
        hint=SET_AGAIN,
    )


def _no_data_key(data_key: DataKey, error: SealedTextError) -> AppError:
    told = f"The data key {data_key.id!r} cannot be opened: "
    if isinstance(error, WrongKey):
        return _key_missing(told, error, otherwise=REMOVE_USER)
    return AppError(
        ErrorCode.SECRET_UNREADABLE,
        f"{told}{error}.",
        hint=f"Restore it from a backup; if there is none, {REMOVE_USER}.",
    )


def _key_missing(told: str, error: WrongKey, *, otherwise: str) -> AppError:
    return AppError(
        ErrorCode.SECRET_KEY_MISSING,
        f"{told}it was sealed with the deployment key {error.key_id!r}, "
        "which this process does not have.",
        hint=f"Add that key to SECRETS_KEYS_OLD; if it is lost, {otherwise}.",
    )
