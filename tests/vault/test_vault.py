"""The vault: one owner's secrets at a time, and a reason for each that does not open."""

from dataclasses import replace

import pytest

from app.domain.data_key import DataKey
from app.domain.errors import AppError, ErrorCode
from app.domain.secret import SealedSecret, SecretRef
from app.vault.keyring import LocalKeyring
from app.vault.keys import key_id
from app.vault.sealed_text import first_associated_data
from app.vault.vault import EnvelopeVault
from tests.vault.first_version import seal_v1
from tests.vault.keys import KEY, OTHER_KEY, fixed_salt, keyring, vault

REF = SecretRef("ada", "weather", "API_KEY")
VALUE = "planted-value"
TOLD = "The stored secret 'API_KEY' for server 'weather' cannot be opened: "


class CountingKeyring(LocalKeyring):
    """A LocalKeyring that counts what is unwrapped."""

    unwrapped = 0

    async def unwrap(self, text: str, context: bytes) -> bytes:
        self.unwrapped += 1
        return await super().unwrap(text, context)


async def sealed(data_key: DataKey, ref: SecretRef = REF, value: str = VALUE) -> SealedSecret:
    text, used = await vault().seal(data_key, ref, value)
    assert used == data_key.id
    return SealedSecret(ref, text)


async def refusal(data_key: DataKey | None, secret: SealedSecret, *keys: bytes) -> AppError:
    with pytest.raises(AppError) as caught:
        await vault(*keys).open_all(data_key, [secret])
    told = repr(caught.value) + str(caught.value) + repr(caught.value.__dict__)
    for hidden in (VALUE, KEY.hex(), repr(KEY), secret.sealed):
        assert hidden not in told
    assert caught.value.__cause__ is None
    return caught.value


async def test_many_secrets_are_opened_with_one_unwrap() -> None:
    data_key = await vault().new_data_key("ada")
    refs = [REF._replace(name=f"k{n}") for n in range(10)]
    secrets = [await sealed(data_key, ref, f"value {ref.name}") for ref in refs]
    old = REF._replace(name="old")
    secrets.append(SealedSecret(old, seal_v1(KEY, old, "value old")))
    ring = CountingKeyring([KEY], fixed_salt)
    opened = await EnvelopeVault(ring).open_all(data_key, secrets)
    assert opened == {s.ref.name: f"value {s.ref.name}" for s in secrets}
    assert ring.unwrapped == 2  # the data key, and the one that has none


async def test_no_secrets_need_no_data_key() -> None:
    assert await vault().open_all(None, []) == {}
    ring = CountingKeyring([KEY], fixed_salt)
    assert await EnvelopeVault(ring).open_all(await vault().new_data_key("ada"), []) == {}
    assert ring.unwrapped == 0


async def test_what_all_users_share_has_a_data_key_too() -> None:
    shared = SecretRef("", "weather", "token")
    data_key = await vault().new_data_key("")
    secret = await sealed(data_key, shared)
    assert await vault().open_all(data_key, [secret]) == {"token": VALUE}


async def test_a_value_is_not_sealed_with_another_owners_data_key() -> None:
    data_key = await vault().new_data_key("bob")
    with pytest.raises(ValueError, match="owner"):
        await vault().seal(data_key, REF, VALUE)


async def test_a_row_moved_to_another_name_is_told_so() -> None:
    data_key = await vault().new_data_key("ada")
    secret = await sealed(data_key)
    error = await refusal(data_key, replace(secret, ref=REF._replace(server_name="other")))
    assert error.code is ErrorCode.SECRET_MOVED
    assert error.message == (
        "The stored secret 'API_KEY' for server 'other' cannot be opened: "
        "it was sealed for another place."
    )


async def test_a_row_moved_to_another_user_is_told_so() -> None:
    ada, bob = [await vault().new_data_key(name) for name in ("ada", "bob")]
    moved = replace(await sealed(ada), ref=REF._replace(username="bob"))
    error = await refusal(bob, moved)
    assert error.code is ErrorCode.SECRET_MOVED
    assert error.message == (
        f"{TOLD}it was sealed with the data key '{ada.id}', which is not this user's."
    )


async def test_a_damaged_row_is_told_so() -> None:
    data_key = await vault().new_data_key("ada")
    secret = await sealed(data_key)
    changed = secret.sealed[:-5] + ("AAAAA" if secret.sealed[-5:] != "AAAAA" else "BBBBB")
    error = await refusal(data_key, replace(secret, sealed=changed))
    assert error.code is ErrorCode.SECRET_UNREADABLE


async def test_a_row_whose_data_key_was_removed_is_told_so() -> None:
    data_key = await vault().new_data_key("ada")
    error = await refusal(None, await sealed(data_key))
    assert error.code is ErrorCode.SECRET_KEY_MISSING
    assert error.message == f"{TOLD}its data key '{data_key.id}' has been removed."


async def test_a_deployment_key_that_is_not_here_is_named() -> None:
    data_key = await vault(KEY).new_data_key("ada")
    error = await refusal(data_key, await sealed(data_key), OTHER_KEY)
    assert error.code is ErrorCode.SECRET_KEY_MISSING
    assert error.sentence() == (
        f"The data key '{data_key.id}' cannot be opened: it was sealed with the deployment key "
        f"'{key_id(KEY)}', which this process does not have. Add that key to SECRETS_KEYS_OLD; "
        "if it is lost, remove the user and set their secrets again."
    )
    for work in (vault(OTHER_KEY).seal(data_key, REF, VALUE), vault(OTHER_KEY).rewrap(data_key)):
        with pytest.raises(AppError) as caught:
            await work
        assert caught.value.code is ErrorCode.SECRET_KEY_MISSING


async def test_another_owners_data_key_record_opens_nothing() -> None:
    ada = await vault().new_data_key("ada")
    error = await refusal(replace(ada, owner="bob"), await sealed(ada))
    assert error.code is ErrorCode.SECRET_UNREADABLE


async def test_what_is_no_sealed_text_is_unreadable() -> None:
    for data_key in (None, await vault().new_data_key("ada")):
        for text in ("nothing", "plain", "v1.x.y.z", "v9.a.b.c.d", "v2.a.b.c.d"):
            error = await refusal(data_key, SealedSecret(REF, text))
            assert error.code is ErrorCode.SECRET_UNREADABLE


async def test_bytes_that_are_no_text_are_unreadable() -> None:
    wrapped = await keyring().wrap(b"\xff\xfe", first_associated_data(REF))
    error = await refusal(None, SealedSecret(REF, "v1" + wrapped[2:]))
    assert error.code is ErrorCode.SECRET_UNREADABLE


def test_a_vault_shows_no_key() -> None:
    assert repr(vault()) == "EnvelopeVault(LocalKeyring(1 keys))"
