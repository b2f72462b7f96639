"""Data keys: found or made when a secret is set, used when it is opened, shredded with the user."""

from collections.abc import Awaitable, Callable, Sequence

from app.domain.clock import utc_now
from app.domain.data_key import DataKey
from app.domain.errors import AppError, ErrorCode
from app.domain.names import check_username
from app.domain.secret import SealedSecret, Secret, SecretRef
from app.services.deps import KeyDeps

ATTEMPTS = 3
FindDataKey = Callable[[str], Awaitable[DataKey | None]]


async def data_key_of(deps: KeyDeps, owner: str) -> DataKey:
    """The owner's data key, made now if there is none; of two made at once, one is kept."""
    found = await deps.data_keys.find(owner)
    if found is not None:
        return found
    return await deps.data_keys.insert_or_find(await deps.vault.new_data_key(owner))


async def store_sealed(deps: KeyDeps, ref: SecretRef, value: str) -> Secret:
    """Seal a value with its owner's data key and store it.

    Should the owner be shredded at this moment, it is sealed anew: a row whose data key is gone
    would only be in the way.

    Raises:
        AppError: SECRET_KEY_MISSING or SECRET_UNREADABLE when the owner's data key does not
            open, CONFLICT when it is removed again and again.
    """
    for _ in range(ATTEMPTS):
        data_key = await data_key_of(deps, ref.username)
        sealed, key_id = await deps.vault.seal(data_key, ref, value)
        stored = await deps.secrets.put(ref, sealed, key_id, utc_now())
        kept = await deps.data_keys.find(ref.username)
        if kept is not None and kept.id == data_key.id:
            return stored
    raise AppError(
        ErrorCode.CONFLICT,
        "The user is being removed.",
        path=("username",),
        hint="Try again when that is done.",
    )


async def open_stored(
    deps: KeyDeps,
    owner: str,
    sealed: Sequence[SealedSecret],
    find: FindDataKey | None = None,
) -> dict[str, str]:
    """The values of an owner's secrets by name; for one call, then dropped.

    The data key is read after the rows: it is there before the first row that it sealed.

    Raises:
        AppError: SECRET_KEY_MISSING, SECRET_MOVED or SECRET_UNREADABLE.
    """
    find = find or deps.data_keys.find
    data_key = await find(owner) if sealed else None
    return await deps.vault.open_all(data_key, sealed)


async def shred_user(deps: KeyDeps, username: str) -> int:
    """Remove the user's data key, then their secrets; how many there were.

    Without the key a row that is still in a backup or a journal opens no more than one that is
    gone. Can be repeated.

    Raises:
        AppError: INVALID_INPUT.
    """
    check_username(username)
    await deps.data_keys.delete(username)
    return await deps.secrets.delete_of_user(username)
