"""Secrets on their declared ways to servers that run elsewhere: what those really receive."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from app.domain.delivery import Delivery, SecretBinding
from app.domain.errors import AppError, ErrorCode
from app.domain.server import ServerSettings, Transport
from app.services.secrets import Place, delete_secret
from app.services.servers import add_server, get_server, view_server
from tests.servers.http_odd import OddServer, Reply, Seen
from tests.services.conftest import OPERATOR, World, keep, until_started
from tests.services.delivering import bound, call, refused
from tests.subjects import text_of
from tests.waiting import until

TOKEN = bound("token", Delivery.HEADER, "Authorization", template="Bearer {value}")
KEY = bound("key", Delivery.QUERY, "api-key")


async def list_tools(reply: Reply) -> bool:
    if reply.seen.rpc != "tools/list":
        return False
    tools = [{"name": name, "inputSchema": {"type": "object"}} for name in ("say", "refuse")]
    reply.json({"jsonrpc": "2.0", "id": reply.id, "result": {"tools": tools}})
    return True


async def say(_server: OddServer, reply: Reply) -> None:
    """Repeat what arrived, as a server that explains its errors badly does."""
    seen = reply.seen
    reply.json(reply.result(f"{seen.headers.get('authorization')} at {seen.path}"))


async def refuse(_server: OddServer, reply: Reply) -> None:
    said = f"wrong key: {reply.seen.headers.get('authorization')} at {reply.seen.path}"
    error = {"code": -32001, "message": said}
    reply.json({"jsonrpc": "2.0", "id": reply.id, "error": error})


@pytest.fixture
async def remote() -> AsyncIterator[OddServer]:
    server = OddServer({"say": say, "refuse": refuse}, first=list_tools)
    async with server.serving():
        yield server


async def add_remote(
    world: World, remote: OddServer, *bindings: SecretBinding, **changes: Any
) -> None:
    settings = ServerSettings(
        name="s",
        transport=Transport.STREAMABLE_HTTP,
        url=remote.url,
        secrets=bindings,
        allows_private_network=True,
        **changes,
    )
    await add_server(world.deps, OPERATOR, settings)
    await until_started(world, "s")  # the session that all share, without any secret


def calls(remote: OddServer) -> list[Seen]:
    return [seen for seen in remote.seen if seen.rpc == "tools/call"]


def key_in(seen: Seen) -> list[str]:
    return parse_qs(urlsplit(seen.path).query).get("api-key", [])


async def test_every_request_carries_the_users_own_header_and_parameter(
    world: World, remote: OddServer
) -> None:
    await add_remote(world, remote, TOKEN, KEY, headers={"authorization": "none", "X-Kept": "1"})
    for name in ("ada", "bob"):
        await keep(world, name, "token", f"token-of-{name}")
        await keep(world, name, "key", f"key of {name}&more=1")
    for name in ("ada", "bob", "ada"):
        before = len(remote.seen)
        assert not (await call(world, "say", name)).is_error
        for seen in remote.seen[before:]:
            assert seen.headers["authorization"] == f"Bearer token-of-{name}"
            assert seen.headers["x-kept"] == "1"
            assert key_in(seen) == [f"key of {name}&more=1"]
    await call(world, "say", "stranger")
    assert calls(remote)[-1].headers["authorization"] == "none"
    assert key_in(calls(remote)[-1]) == []


async def test_users_of_a_shared_value_share_a_session(world: World, remote: OddServer) -> None:
    await add_remote(world, remote, TOKEN)
    await keep(world, None, "token", "token-of-all")
    await keep(world, "ada", "token", "token-of-ada")
    for name in ("bob", "cy", "ada"):
        await call(world, "say", name)
    sent = [seen.headers["authorization"] for seen in calls(remote)]
    assert sent == ["Bearer token-of-all", "Bearer token-of-all", "Bearer token-of-ada"]
    live = {(v.key.owner, bool(v.key.stamp)) for v in world.registry.views() if v.key.stamp}
    assert live == {(None, True), ("ada", True)}


async def test_what_the_server_repeats_is_masked(world: World, remote: OddServer) -> None:
    await add_remote(world, remote, TOKEN, KEY)
    await keep(world, "ada", "token", "token-of-ada")
    await keep(world, "ada", "key", "key of ada/1")
    told = text_of((await call(world, "say", "ada")).raw)
    assert told == "Bearer [secret] at /mcp?api-key=[secret]"
    error = await refused(world, "refuse", "ada")
    assert "Bearer [secret] at /mcp?api-key=[secret]" in error.message


async def test_an_address_with_a_secret_is_in_no_message_when_nobody_answers(
    world: World, remote: OddServer
) -> None:
    closed = remote.url.replace(str(remote.port), "9")
    settings = ServerSettings(
        name="s",
        transport=Transport.STREAMABLE_HTTP,
        url=closed,
        secrets=(KEY,),
        allows_private_network=True,
    )
    await add_server(world.deps, OPERATOR, settings)
    await keep(world, "ada", "key", "planted-key-of-ada")
    error = await refused(world, "say", "ada")
    assert error.code is ErrorCode.SERVER_DID_NOT_START
    server = await get_server(world.deps, "s")
    told = (
        error.sentence(),
        str(view_server(world.deps, OPERATOR, server)),
        str(world.registry.views()),
    )
    assert "planted" not in "".join(told)


async def test_a_value_with_a_line_break_is_no_header(world: World, remote: OddServer) -> None:
    await add_remote(world, remote, TOKEN)
    await keep(world, "ada", "token", "token-of-ada\r\nX-Admin: 1")
    with pytest.raises(AppError) as caught:
        await call(world, "say", "ada")
    assert caught.value.code is ErrorCode.CONFLICT
    assert "token-of-ada" not in caught.value.sentence()
    assert calls(remote) == []


async def test_a_deleted_value_is_in_no_further_request(world: World, remote: OddServer) -> None:
    await add_remote(world, remote, TOKEN)
    await keep(world, "ada", "token", "token-of-ada")
    await call(world, "say", "ada")
    await delete_secret(world.deps, OPERATOR, Place(server_name="s", name="token", username="ada"))
    await until(lambda: not [v for v in world.registry.views() if v.key.owner == "ada"])
    before = len(remote.seen)
    await call(world, "say", "ada")
    assert all("authorization" not in seen.headers for seen in remote.seen[before:])
