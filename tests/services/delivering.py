"""What the tests of delivery share: a server that declares secrets, and calls of it."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pytest

from app.domain.call import ToolCall, ToolOutcome
from app.domain.delivery import Delivery, SecretBinding
from app.domain.errors import AppError
from app.domain.ports import CallEvents
from app.services.calls import call_tool
from tests.services.conftest import OPERATOR, World, add
from tests.subjects import KEYED, text_of

ARGUMENTS = {"city": "Rome", "token": "mine"}


def bound(
    name: str = "key", delivery: Delivery = Delivery.ENVIRONMENT, target: str = "", **more: Any
) -> SecretBinding:
    return SecretBinding(name=name, delivery=delivery, target=target or name, **more)


KEY = bound(target="API_KEY")


async def add_keyed(world: World, *bindings: SecretBinding, **changes: Any) -> None:
    await add(world, "s", KEYED, secrets=bindings or (KEY,), **changes)


async def call(
    world: World,
    tool: str,
    username: str | None = None,
    arguments: Mapping[str, object] = ARGUMENTS,
    listener: CallEvents | None = None,
) -> ToolOutcome:
    wanted = ToolCall(server_name="s", tool_name=tool, arguments=arguments, username=username)
    return await call_tool(world.deps, OPERATOR, wanted, listener=listener)


async def answer(world: World, tool: str, username: str | None = None) -> Any:
    return json.loads(text_of((await call(world, tool, username)).raw))


async def refused(world: World, tool: str, username: str | None = None) -> AppError:
    with pytest.raises(AppError) as caught:
        await call(world, tool, username)
    return caught.value


def digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def owners(world: World) -> set[str | None]:
    """Whom the sessions that run now belong to."""
    return {view.key.owner for view in world.registry.views() if view.pid is not None}
