"""What a call would carry, told beforehand; and when what it carried was used."""

import pytest

from app.domain.clock import utc_now
from app.domain.delivery import Delivery
from app.domain.errors import AppError, ErrorCode
from app.domain.secret import SHARED, Secret, SecretRef
from app.services.preflight import PlannedSecret, preflight
from tests.principals import user
from tests.services.conftest import OPERATOR, World, keep
from tests.services.delivering import add_keyed, bound, call, refused

REQUIRED = bound("key", target="API_KEY", is_required=True, description="From the console.")
CERT = bound("cert", Delivery.FILE, "API_CERT_FILE", is_required=True)
OPTIONAL = bound("extra", target="API_EXTRA")


async def stored(world: World, username: str, name: str) -> Secret:
    found = await world.stores.secrets.find(SecretRef(username, "s", name))
    assert found is not None
    return found


async def test_a_preflight_tells_what_a_call_would_carry_and_lack(world: World) -> None:
    await add_keyed(world, REQUIRED, CERT, OPTIONAL)
    await keep(world, None, "key", "the key of all")
    await keep(world, None, "extra", "the extra of all")
    await keep(world, "ada", "extra", "the extra of ada")
    await keep(world, "ada", "note", "an argument")
    found = await preflight(world.deps, OPERATOR, "s", "ada")
    assert (found.server_name, found.username, found.missing) == ("s", "ada", ("cert",))
    key = await stored(world, SHARED, "key")
    extra = await stored(world, "ada", "extra")
    note = await stored(world, "ada", "note")
    argument = bound("note", Delivery.ARGUMENT)
    assert found.secrets == (
        PlannedSecret(binding=REQUIRED, is_declared=True, stored=key),
        PlannedSecret(binding=CERT, is_declared=True, stored=None),
        PlannedSecret(binding=OPTIONAL, is_declared=True, stored=extra),
        PlannedSecret(binding=argument, is_declared=False, stored=note),
    )
    assert [s.is_shared for s in found.secrets] == [True, False, False, False]
    assert [s.set_at for s in found.secrets] == [
        key.updated_at, None, extra.updated_at, note.updated_at,
    ]  # fmt: skip
    assert world.registry.views() == []  # nothing was started for it


async def test_a_preflight_agrees_with_the_call(world: World) -> None:
    await add_keyed(world, REQUIRED, CERT)
    for name in ("cert", "key"):
        missing = (await preflight(world.deps, OPERATOR, "s", "ada")).missing
        listed = ", ".join(repr(one) for one in missing)
        error = await refused(world, "pid", "ada")
        assert error.message == f"Server 's' needs secrets that are not set: {listed}."
        await keep(world, "ada", name, "a value")
    assert (await preflight(world.deps, OPERATOR, "s", "ada")).missing == ()
    assert not (await call(world, "pid", "ada")).is_error


async def test_a_preflight_is_for_the_user_and_who_may_act_for_them(world: World) -> None:
    await add_keyed(world)
    bob = user("bob")
    assert (await preflight(world.deps, bob, "s", None)).username == "bob"
    for principal, server, username, code in (
        (bob, "s", "ada", ErrorCode.FORBIDDEN),
        (OPERATOR, "t", "ada", ErrorCode.SERVER_NOT_FOUND),
        (OPERATOR, "../s", "ada", ErrorCode.INVALID_INPUT),
        (OPERATOR, "s", "", ErrorCode.INVALID_INPUT),
    ):
        with pytest.raises(AppError) as caught:
            await preflight(world.deps, principal, server, username)
        assert caught.value.code is code


async def test_only_what_a_call_carried_was_used(world: World) -> None:
    await add_keyed(world, REQUIRED)
    await keep(world, None, "key", "the key of all")
    await keep(world, None, "token", "the token of all")
    await keep(world, "ada", "key", "the key of ada")
    await keep(world, "bob", "key", "the key of bob")
    before = utc_now()
    await call(world, "pid", "ada")
    await world.deps.secret_use.write()
    used = {
        (owner, name): (await stored(world, owner, name)).last_used_at
        for owner, name in ((SHARED, "key"), (SHARED, "token"), ("ada", "key"), ("bob", "key"))
    }
    assert {place for place, at in used.items() if at is not None} == {
        (SHARED, "token"),
        ("ada", "key"),
    }
    (planned,) = [
        s for s in (await preflight(world.deps, OPERATOR, "s", "ada")).secrets
        if s.binding.name == "key"
    ]  # fmt: skip
    assert planned.stored is not None
    at = planned.stored.last_used_at
    assert at is not None
    assert abs((at - before).total_seconds()) < 10
    await keep(world, "ada", "key", "a newer key of ada")
    assert (await stored(world, "ada", "key")).last_used_at == at
