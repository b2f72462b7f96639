"""The vault the services use: one key, seal and open."""

from app.domain.errors import AppError, ErrorCode
from app.domain.secret import SealedSecret, SecretRef
from app.vault.keys import key_id
from app.vault.sealed_text import SealedTextError, key_id_of, open_sealed, seal


class SingleKeyVault:
    """Seals and opens with the deployment's one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.key_id = key_id(key)

    def __repr__(self) -> str:
        return f"SingleKeyVault(key_id={self.key_id!r})"

    def seal(self, ref: SecretRef, value: str) -> str:
        """The sealed text of a value, bound to its place."""
        return seal(self._key, self.key_id, ref, value)

    def open(self, secret: SealedSecret) -> str:
        """The value.

        Raises:
            AppError: SECRET_UNREADABLE, telling a foreign key from a damaged or moved row.
        """
        try:
            used = key_id_of(secret.sealed)
            if used != self.key_id:
                raise _unreadable(secret.ref, f"it was sealed with the key {used!r}")
            return open_sealed(self._key, secret.ref, secret.sealed)
        except SealedTextError as error:
            raise _unreadable(secret.ref, str(error)) from None


def _unreadable(ref: SecretRef, why: str) -> AppError:
    return AppError(
        ErrorCode.SECRET_UNREADABLE,
        f"The stored secret {ref.name!r} for server {ref.server_name!r} cannot be opened: {why}.",
        hint="Set it again, or start with the SECRETS_KEY it was stored under.",
    )
