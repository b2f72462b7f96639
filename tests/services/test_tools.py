"""Tool calls: the right user's secrets, masked wherever they surface, and every refusal."""

import asyncio
import hashlib
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from app.cli.logs import _MaskingFormatter
from app.domain.call import ToolCall, ToolOutcome
from app.domain.errors import AppError, ErrorCode
from app.domain.page import PageRequest
from app.domain.principal import Principal
from app.domain.secret import SecretRef
from app.domain.server import ServerChanges
from app.services.calls import call_tool
from app.services.secrets import Place, delete_secret, list_secrets
from app.services.servers import get_server, update_server
from app.services.tools import list_tools
from tests.principals import user
from tests.services.conftest import OPERATOR, World, add, keep, until_started
from tests.subjects import EVERYTHING, SUBJECT, records, text_of
from tests.waiting import until

PLANTED = 'planted/"secret"\\of ada+bob='


async def call(
    world: World,
    tool: str = "fingerprint",
    arguments: Mapping[str, object] | None = None,
    principal: Principal = OPERATOR,
    **more: Any,
) -> ToolOutcome:
    fields = {"server_name": "s", "tool_name": tool, "arguments": arguments or {}}
    return await call_tool(world.deps, principal, ToolCall(**{**fields, **more}))


async def refusal(world: World, *args: Any, **more: Any) -> AppError:
    with pytest.raises(AppError) as caught:
        await call(world, *args, **more)
    return caught.value


async def prints(world: World, username: str | None = None, **arguments: str) -> dict[str, str]:
    outcome = await call(world, "fingerprint", arguments, username=username)
    found: dict[str, str] = json.loads(text_of(outcome.raw))
    return found


def digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


async def test_each_users_secrets_reach_that_users_calls_only(world: World) -> None:
    await add(world)
    await add(world, "other")
    for number in range(10):
        await keep(world, f"user{number}", "key", f"value of {number}")
    await keep(world, "user0", "more", "another")
    await keep(world, "user0", "elsewhere", "not for this server", server="other")
    found = await asyncio.gather(*(prints(world, f"user{n % 10}") for n in range(50)))
    for number, reached in enumerate(found):
        wanted = {"key": digest(f"value of {number % 10}")}
        if number % 10 == 0:
            wanted["more"] = digest("another")
        assert reached == wanted
    assert await prints(world) == {}
    assert await prints(world, "stranger") == {}


async def test_a_secret_wins_over_an_argument_of_its_name(world: World) -> None:
    await add(world)
    await keep(world, "ada", "key", "the secret")
    assert await prints(world, "ada", key="mine", city="Rome") == {
        "key": digest("the secret"),
        "city": digest("Rome"),
    }


async def test_a_deleted_secret_reaches_no_further_call(world: World) -> None:
    await add(world)
    await keep(world, "ada", "a", "one")
    await keep(world, "ada", "a.b", "two")
    place = Place(server_name="s", name="a", username="ada")
    assert await delete_secret(world.deps, OPERATOR, place) is True
    assert await delete_secret(world.deps, OPERATOR, place) is False
    assert await prints(world, "ada") == {"a.b": digest("two")}


async def test_a_user_may_not_use_anothers_secrets(world: World) -> None:
    await add(world)
    await keep(world, "ada", "key", "the secret")
    bob = user("bob")
    assert (await refusal(world, principal=bob, username="ada")).code is ErrorCode.FORBIDDEN
    outcome = await call(world, principal=bob)
    assert text_of(outcome.raw) == "{}"


async def test_a_secret_for_an_unknown_server_is_not_stored(world: World) -> None:
    with pytest.raises(AppError) as caught:
        await keep(world, "ada", "key", "value")
    assert caught.value.code is ErrorCode.SERVER_NOT_FOUND
    page = await list_secrets(
        world.deps, OPERATOR, username="ada", server_name=None, page=PageRequest(10)
    )
    assert page.items == ()


async def test_a_secret_that_a_server_repeats_is_masked_everywhere(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await add(world)
    await keep(world, "ada", "key", PLANTED)
    with caplog.at_level(logging.DEBUG):
        error = await refusal(world, "leak", {"city": "Rome"}, username="ada")
    assert error.code is ErrorCode.SERVER_FAILED
    assert error.message == (
        "Server 's' answered with an error: "
        'could not work with {"city": "Rome", "key": "[secret]"} (-32000).'
    )
    await until(lambda: world.registry.logs("s", 10))
    assert world.registry.logs("s", 10) == ['leaking {"city": "Rome", "key": "[secret]"}']
    formatter = _MaskingFormatter(world.deps.seen)
    for record in caplog.records:
        assert "planted" not in formatter.format(record)


async def test_a_secret_in_a_result_is_masked(world: World) -> None:
    await add(world, "s", SUBJECT, "plain")
    await keep(world, "ada", "text", "planted-secret")
    outcome = await call(world, "echo", {"text": "other"}, username="ada")
    assert outcome.raw == {"content": [{"type": "text", "text": "[secret]"}], "isError": False}
    assert not outcome.is_error


async def test_a_secret_sealed_with_another_key_stops_the_call_and_names_the_secret(
    world: World,
) -> None:
    await add(world)
    ref = SecretRef("ada", "s", "key")
    now = (await get_server(world.deps, "s")).created_at
    await world.stores.secrets.put(ref, "v1.0123456789ab.AAAAAAAAAAAAAAAA.AAAA", "x", now)
    error = await refusal(world, username="ada")
    assert error.code is ErrorCode.SECRET_KEY_MISSING
    assert "'key'" in error.message


async def test_arguments_that_do_not_fit_are_the_tools_failure_and_are_not_sent(
    world: World, record: Path
) -> None:
    await add(world, "s", EVERYTHING, str(record))
    outcome = await call(world, "echo", {"text": 3})
    assert outcome.is_error
    assert text_of(outcome.raw).startswith("The arguments do not fit the tool's input schema")
    assert "/text" in text_of(outcome.raw)
    assert "tools/call" not in [entry.get("method") for entry in records(record)]
    await keep(world, "ada", "text", "planted-secret")
    assert not (await call(world, "echo", username="ada")).is_error


async def test_a_server_may_have_its_arguments_unchecked(world: World) -> None:
    await add(world, "s", EVERYTHING, checks_arguments=False)
    assert text_of((await call(world, "echo", {"text": 3})).raw) == "3"


async def test_a_disabled_server_is_not_called(world: World) -> None:
    await add(world)
    await update_server(world.deps, OPERATOR, "s", ServerChanges(is_enabled=False))
    await until(lambda: world.registry.views() == [])
    assert (await refusal(world)).code is ErrorCode.SERVER_DISABLED
    assert world.registry.views() == []


async def test_an_unknown_tool_or_server_is_not_found(world: World) -> None:
    await add(world)
    error = await refusal(world, "Fingerprint")
    assert (error.code, error.path) == (ErrorCode.TOOL_NOT_FOUND, ("toolName",))
    error = await refusal(world, server_name="S")
    assert (error.code, error.path) == (ErrorCode.SERVER_NOT_FOUND, ("serverName",))


async def test_a_slow_tool_times_out_and_the_server_answers_on(world: World) -> None:
    await add(world)
    pid = text_of((await call(world, "pid")).raw)
    error = await refusal(world, "slow", {"seconds": 30}, timeout_seconds=0.2)
    assert error.code is ErrorCode.TOOL_TIMEOUT
    assert error.message == (
        "Tool 'slow' of server 's' did not answer within 0.2 s; the call was cancelled."
    )
    assert text_of((await call(world, "pid")).raw) == pid


async def test_no_call_takes_longer_than_its_servers_longest(world: World) -> None:
    await add(world)
    await update_server(world.deps, OPERATOR, "s", ServerChanges(longest_call_seconds=0.2))
    error = await refusal(world, "slow", {"seconds": 30}, timeout_seconds=20.0)
    assert error.code is ErrorCode.TOOL_TIMEOUT


async def test_a_crash_in_mid_call_is_said_and_the_next_call_works(world: World) -> None:
    await add(world)
    error = await refusal(world, "crash")
    assert error.code is ErrorCode.SERVER_FAILED
    assert "it exited with code 3" in error.message
    assert await prints(world) == {}


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"timeout_seconds": 0}, ("timeoutSeconds",)),
        ({"server_name": "../s"}, ("serverName",)),
        ({"username": " "}, ("username",)),
    ],
)
async def test_a_malformed_call_starts_nothing(
    world: World, more: dict[str, Any], path: tuple[str, ...]
) -> None:
    error = await refusal(world, **more)
    assert (error.code, error.path) == (ErrorCode.INVALID_INPUT, path)
    assert world.registry.views() == []


async def test_tools_are_paged_over_enabled_servers(world: World) -> None:
    for name in ("b", "a", "off"):
        await add(world, name)
    await until_started(world, "a", "b", "off")
    await update_server(world.deps, OPERATOR, "off", ServerChanges(is_enabled=False))
    found: list[str] = []
    after: str | None = None
    while True:
        page = await list_tools(world.deps, OPERATOR, server_name=None, page=PageRequest(5, after))
        found += [f"{server.name} {tool.name}" for server, tool in page.items]
        if not page.has_next:
            break
        after = found[-1]
    names = ["crash", "environment", "fingerprint", "leak", "pid", "slow"]
    assert found == [f"{server} {tool}" for server in ("a", "b") for tool in names]
