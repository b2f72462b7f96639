"""Authentication turns on with the first token, and never off."""

import asyncio
from dataclasses import replace

import pytest

from app.domain.api_token import NewToken
from app.domain.errors import AppError, ErrorCode
from app.domain.page import PageRequest
from app.domain.principal import Principal, Role, local_principal
from app.services.authentication import Authentication
from app.services.tokens import create_token, list_tokens, make_token, revoke_token
from app.settings import AuthMode
from tests.principals import ADMIN, operator, service, user
from tests.services.conftest import World

WANTED = NewToken(name="t", role=Role.USER, username="ada")


async def code_without_token(authentication: Authentication) -> str:
    try:
        caller = await authentication.principal(None)
    except AppError as error:
        return str(error.code)
    assert caller == local_principal()
    return "OK"


async def test_the_first_token_turns_it_on_here_and_soon_elsewhere(world: World) -> None:
    here = world.deps.authentication
    elsewhere = replace(here)
    assert [await code_without_token(each) for each in (here, elsewhere)] == ["OK", "OK"]
    token, text = await create_token(world.deps, ADMIN, WANTED)
    assert await code_without_token(here) == ErrorCode.UNAUTHENTICATED
    assert (await here.principal(f"Bearer {text}")).subject == "ada"
    async with asyncio.timeout(5):
        while await code_without_token(elsewhere) == "OK":
            await asyncio.sleep(0.01)
    await revoke_token(world.deps, ADMIN, token.id)
    for each in (here, elsewhere, replace(here, _is_on=None)):
        assert await code_without_token(each) == ErrorCode.UNAUTHENTICATED
        with pytest.raises(AppError) as caught:
            await each.principal(f"Bearer {text}")
        assert caught.value.code is ErrorCode.UNAUTHENTICATED


async def test_the_setting_decides_when_it_says_something(world: World) -> None:
    authentication = world.deps.authentication
    locked = replace(authentication, mode=AuthMode.ON)
    assert await code_without_token(locked) == ErrorCode.UNAUTHENTICATED
    await make_token(world.stores.tokens, "a test", WANTED)
    assert await code_without_token(replace(authentication, mode=AuthMode.OFF)) == "OK"


@pytest.mark.parametrize(
    "caller",
    [user("ada"), operator("olga"), service("robot", "*")],
    ids=("user", "operator", "service"),
)
async def test_only_an_admin_has_to_do_with_tokens(world: World, caller: Principal) -> None:
    for work in (
        create_token(world.deps, caller, WANTED),
        list_tokens(world.deps, caller, PageRequest(5)),
        revoke_token(world.deps, caller, "x"),
    ):
        with pytest.raises(AppError) as caught:
            await work
        assert caught.value.code is ErrorCode.FORBIDDEN
    assert not await world.stores.tokens.has_any()
