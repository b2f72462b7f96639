"""Reaching a server over HTTP: addresses, redirects, TLS, proxies, and what is sent there."""

import asyncio
import ssl
from pathlib import Path

import pytest

from app.sessions.http import HttpWire
from app.sessions.http_pool import HttpPool
from app.sessions.wire import (
    CannotOpen,
    NotDelivered,
)
from tests.servers.certificates import self_signed
from tests.servers.http_odd import OddServer, Reply
from tests.sessions.wires import begun, connected, http_launch
from tests.waiting import until


def server_side(folder: Path) -> ssl.SSLContext:
    """A server's side of TLS with a certificate that only it itself vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*self_signed(folder))
    return context


async def test_a_slash_more_is_asked_for_once() -> None:
    async def slash(reply: Reply) -> bool:
        if reply.seen.path == "/mcp/":
            return False
        reply.body(307, location="/mcp/")
        return True

    server = OddServer({}, first=slash)
    async with begun(server) as session:
        for _ in range(3):
            assert await session.call("fine") == "good"
    assert [seen.path for seen in server.seen].count("/mcp") == 1


async def test_a_refused_connection_hits_only_its_own_call() -> None:
    async def slow(server: OddServer, reply: Reply) -> None:
        await server.release.wait()
        reply.json(reply.result("slow but good"))

    server = OddServer({"slow": slow}, session_id=None)
    async with begun(server) as session:
        good = session.wire._endpoint.url
        waiting = asyncio.create_task(session.call("slow"))
        await until(lambda: server.rpcs().count("tools/call") == 1)
        session.wire._endpoint.url = good.with_port(1)
        with pytest.raises(NotDelivered) as caught:
            await session.call("fine")
        assert caught.value.error.message == "connection refused"
        session.wire._endpoint.url = good
        server.release.set()
        assert await waiting == "slow but good"
        assert await session.call("fine") == "good"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:1/mcp", "connection refused"),
        ("http://no-such-host.invalid/mcp", "its host name cannot be resolved"),
    ],
)
async def test_why_a_server_cannot_be_reached_is_said(url: str, reason: str) -> None:
    async with connected(url) as session:
        with pytest.raises(NotDelivered) as caught:
            await session.client.initialize()
        assert caught.value.reason == reason
        assert not session.wire.closed.is_set()


@pytest.mark.parametrize(
    ("url", "headers", "told"),
    [
        ("ftp://example.com", {}, "its address is no http or https URL"),
        ("http://", {}, "its address is not valid"),
        ("http://example.com:port/", {}, "its address is not valid"),
        ("http://example.com/", {"X-Key": "one\r\ntwo"}, "the header 'X-Key' cannot be sent"),
        ("http://example.com/", {"X Key": "one"}, "the header 'X Key' cannot be sent"),
    ],
)
async def test_what_cannot_be_sent_to_is_refused_at_once(
    url: str, headers: dict[str, str], told: str
) -> None:
    wire = HttpWire(HttpPool(), http_launch(url, headers))
    with pytest.raises(CannotOpen) as caught:
        await wire.open()
    assert str(caught.value) == told
    await wire.end(grace_seconds=1)
    await wire.end(grace_seconds=1)


async def test_a_name_and_password_in_the_address_are_sent_as_a_header() -> None:
    server = OddServer({})
    async with server.serving():
        url = server.url.replace("//", "//ann:p%40ss@")
        async with connected(url) as session:
            await session.client.initialize()
            assert await session.call("fine") == "good"
    assert {seen.headers["authorization"] for seen in server.seen} == {"Basic YW5uOnBAc3M="}


async def test_a_server_that_does_not_answer_the_farewell_delays_the_end_by_its_grace_only() -> (
    None
):
    async def deaf_at_the_end(reply: Reply) -> bool:
        if reply.seen.method == "DELETE":
            await asyncio.Event().wait()
        return False

    server = OddServer({}, first=deaf_at_the_end)
    async with begun(server) as session:
        loop = asyncio.get_running_loop()
        started = loop.time()
        await session.wire.end(grace_seconds=0.2)
        assert loop.time() - started < 1
    assert server.seen[-1].method == "DELETE"


async def test_a_server_whose_certificate_nobody_vouches_for_gets_nothing(tmp_path: Path) -> None:
    server = OddServer({})
    async with server.serving(tls=server_side(tmp_path)):
        async with connected(server.url.replace("http:", "https:")) as session:
            with pytest.raises(NotDelivered) as caught:
                await session.client.initialize()
    assert caught.value.reason == "its certificate is not trusted: self-signed certificate"
    assert server.seen == []


async def test_a_server_that_speaks_no_tls_is_said_to() -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.com ESMTP\r\n")
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with connected(f"https://127.0.0.1:{port}/") as session:
            with pytest.raises(NotDelivered) as caught:
                await session.client.initialize()
    assert caught.value.reason == "TLS could not be agreed on"


async def test_cookies_are_not_kept() -> None:
    async def set_cookie(reply: Reply) -> bool:
        if reply.seen.rpc != "tools/call":
            return False
        reply.json(reply.result("baked"), set_cookie="a=b")
        return True

    server = OddServer({}, first=set_cookie)
    async with begun(server) as session:
        assert [await session.call("one"), await session.call("two")] == ["baked", "baked"]
    assert [s for s in server.seen if "cookie" in s.headers] == []


async def test_passwords_of_this_programs_user_stay_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login me password mine\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server = OddServer({})
    async with begun(server) as session:
        await session.call("fine")
    assert [s for s in server.seen if "authorization" in s.headers] == []


async def test_a_proxy_of_the_environment_is_used_except_where_it_says_no(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxy = OddServer({})
    async with proxy.serving():
        monkeypatch.setenv("http_proxy", f"127.0.0.1:{proxy.port}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        async with connected("http://mcp.invalid/mcp") as session:
            await session.client.initialize()
            assert await session.call("fine") == "good"
        assert {seen.path for seen in proxy.seen} == {"http://mcp.invalid/mcp"}
        async with begun(OddServer({})) as session:
            assert await session.call("fine") == "good"
        assert {seen.path for seen in proxy.seen} == {"http://mcp.invalid/mcp"}


async def test_nothing_is_sent_once_the_pool_is_closed() -> None:
    server = OddServer({})
    async with begun(server) as session:
        await session.pool.close()
        with pytest.raises(NotDelivered) as caught:
            await session.call("fine")
    assert caught.value.reason == "this program is shutting down"
    assert "tools/call" not in server.rpcs()
