"""What work on keys needs, over the stores of a test, with keys of its choice."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.clock import utc_now
from app.domain.data_key import RotationProgress
from app.domain.key_ports import DataKeyStore, DeploymentStore, Vault
from app.domain.ports import SecretStore
from app.domain.secret import SecretRef
from app.models.secrets import SecretDoc
from app.services.data_keys import open_stored
from app.vault.keys import key_id
from tests.conftest import Stores
from tests.vault.first_version import seal_v1
from tests.vault.keys import vault

OLD, NEW, ANOTHER = bytes(range(1, 33)), bytes(range(2, 34)), bytes(range(3, 35))
OLD_ID, NEW_ID, ANOTHER_ID = key_id(OLD), key_id(NEW), key_id(ANOTHER)


@dataclass(frozen=True, slots=True)
class KeyRoom:
    """The services' KeyDeps."""

    secrets: SecretStore
    data_keys: DataKeyStore
    deployment: DeploymentStore
    vault: Vault


class Progress:
    """What a rotation has reported."""

    def __init__(self) -> None:
        self.seen: list[RotationProgress] = []

    def __call__(self, progress: RotationProgress) -> None:
        self.seen.append(progress)


def key_room(stores: Stores, *keys: bytes) -> KeyRoom:
    return KeyRoom(stores.secrets, stores.data_keys, stores.deployment, vault(*keys))


async def insert_v1(refs: Sequence[SecretRef], key: bytes = OLD) -> None:
    """Store secrets as the first release did, each with `value_of` it."""
    now = utc_now()
    rows = [
        {
            "username": ref.username, "server_name": ref.server_name, "name": ref.name,
            "sealed": seal_v1(key, ref, value_of(ref)), "key_id": key_id(key),
            "created_at": now, "updated_at": now,
        }
        for ref in refs
    ]  # fmt: skip
    await SecretDoc.get_motor_collection().insert_many(rows)


def value_of(ref: SecretRef) -> str:
    return f"the value of {ref.username}, {ref.server_name}, {ref.name}"


async def open_one(room: KeyRoom, ref: SecretRef) -> str:
    """The value of a secret as a call would get it."""
    found = await room.secrets.list_applying(ref.username, ref.server_name)
    sealed = [secret for secret in found if secret.ref.username == ref.username]
    return (await open_stored(room, ref.username, sealed))[ref.name]
