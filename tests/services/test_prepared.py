"""What a user's calls carry is worked out once, kept sealed, and not used any longer than it is true."""

import pytest

from app.domain.secret import SecretRef
from app.services import prepared
from app.services.data_keys import shred_user, store_sealed
from tests.services.conftest import World, keep
from tests.services.delivering import add_keyed, answer, digest
from tests.waiting import until

ADA = SecretRef("ada", "s", "key")
PLACE = prepared.place_of("ada", "s")


async def test_a_second_call_opens_no_data_key_and_what_is_kept_holds_no_value(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_keyed(world)
    await keep(world, "ada", "key", "planted-value")
    await until(lambda: world.deps.secrets.mark() is not None)
    first = await answer(world, "keys", "ada")
    kept = world.deps.prepared.find(PLACE)
    assert kept is not None
    assert "planted-value" not in repr(kept)
    assert b"planted-value" not in kept.sealed
    monkeypatch.setattr(world.deps.vault, "open_all", None)
    assert await answer(world, "keys", "ada") == first


async def test_a_change_of_anybody_elses_secret_leaves_it_in_use(world: World) -> None:
    await add_keyed(world)
    await keep(world, "ada", "key", "planted-value")
    await answer(world, "keys", "ada")
    before = world.deps.prepared.find(PLACE)
    await keep(world, "bob", "key", "another-value")
    await answer(world, "keys", "ada")
    assert world.deps.prepared.find(PLACE) is before


async def test_a_changed_or_removed_secret_counts_at_once(world: World) -> None:
    await add_keyed(world)
    await keep(world, "ada", "key", "planted-value")
    await answer(world, "keys", "ada")
    await store_sealed(world.deps, ADA, "another-value")
    assert digest("another-value") in str(await answer(world, "keys", "ada"))
    await shred_user(world.deps, "ada")
    assert digest("another-value") not in str(await answer(world, "keys", "ada"))


async def test_it_is_gone_after_its_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.services.bundles.USED_SECONDS", 0.05)
    monkeypatch.setattr(prepared, "SWEEP_SECONDS", 0.01)
    await add_keyed(world)
    await keep(world, "ada", "key", "planted-value")
    await answer(world, "keys", "ada")
    await until(lambda: not world.deps.prepared._kept)
