"""Where connections to servers go: judged by the address, at the moment of connecting."""

import socket
from collections.abc import Sequence

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from app.domain.outbound import HOW_TO_ALLOW, Reach
from app.sessions.http_failures import BadStatus, in_words
from app.sessions.http_pool import HttpPool
from app.sessions.wire import NotDelivered
from tests.servers.http_odd import OddServer, Reply
from tests.sessions.wires import connected

HERE = f"its address is this machine; {HOW_TO_ALLOW}"
POST = {"content-type": "application/json"}


class FakeResolver(AbstractResolver):
    """Answers each lookup of any name with the next of the given addresses."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = [*answers]

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = self.answers.pop(0)
        return [
            ResolveResult(hostname=host, host=address, port=port, family=_family(address),
                          proto=0, flags=socket.AI_NUMERICHOST)
            for address in found
        ]  # fmt: skip

    async def close(self) -> None:
        pass


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


async def ask(pool: HttpPool, url: str, reach: Reach) -> int:
    with in_words():
        response = await pool.request("POST", URL(url), headers=POST, body=b"{}", reach=reach)
        response.close()
        return response.status


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "[::ffff:127.0.0.1]",
     "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "public.example@127.0.0.1"],
)  # fmt: skip
async def test_this_machine_is_not_reached_in_any_spelling(host: str) -> None:
    server, pool = OddServer({}), HttpPool()
    async with server.serving():
        with pytest.raises(NotDelivered) as caught:
            await ask(pool, f"http://{host}:{server.port}/mcp", Reach.PUBLIC)
    await pool.close()
    assert caught.value.reason in (HERE, "its address is not valid")
    assert server.seen == []


async def test_the_words_reach_the_caller_of_the_session() -> None:
    server = OddServer({})
    async with server.serving(), connected(server.url, reach=Reach.PUBLIC) as session:
        with pytest.raises(NotDelivered) as caught:
            await session.client.initialize()
    assert caught.value.reason == HERE


async def test_a_name_that_leads_here_is_refused_when_it_is_connected_to() -> None:
    server = OddServer({})
    pool = HttpPool(FakeResolver(["127.0.0.1"], ["::1", "127.0.0.1"], ["127.0.0.1"]))
    async with server.serving():
        for reach in (Reach.PUBLIC, Reach.LOOPBACK):
            with pytest.raises(NotDelivered) as caught:
                await ask(pool, f"http://rebound-{reach}.example:{server.port}/mcp", reach)
            assert caught.value.reason == HERE
        assert server.seen == []
        assert await ask(pool, f"http://inside.example:{server.port}/mcp", Reach.PRIVATE) < 500
    await pool.close()
    assert len(server.seen) == 1


async def test_a_connection_of_a_server_that_may_is_not_lent_to_one_that_may_not() -> None:
    server, pool = OddServer({}), HttpPool()
    async with server.serving():
        assert await ask(pool, server.url, Reach.LOOPBACK) < 500
        with pytest.raises(NotDelivered):
            await ask(pool, server.url, Reach.PUBLIC)
        assert await ask(pool, server.url, Reach.PRIVATE) < 500
    await pool.close()
    assert len(server.seen) == 2


@pytest.mark.parametrize("host", ["127.0.0.2", "localhost", "169.254.169.254", "[::1]"])
async def test_a_redirect_to_elsewhere_is_not_followed(host: str) -> None:
    target, pool = OddServer({}), HttpPool()

    async def redirect(reply: Reply) -> bool:
        reply.body(307, location=f"http://{host}:{target.port}/mcp")
        return True

    server = OddServer({}, first=redirect)
    async with server.serving(), target.serving():
        with pytest.raises(BadStatus) as caught:
            await ask(pool, server.url, Reach.LOOPBACK)
    await pool.close()
    told = f"it redirects to http://{host}:{target.port}, which is not followed"
    assert caught.value.error.message == f"HTTP status 307 Temporary Redirect: {told}"
    assert target.seen == []


async def test_a_redirect_on_the_same_host_is_judged_when_it_is_connected_to() -> None:
    """The name leads outside at first; by the time of the redirect it leads here."""

    async def upgrade(reply: Reply) -> bool:
        reply.body(308, location="https://rebound.example/mcp")
        return True

    server = OddServer({}, first=upgrade)
    pool = HttpPool(FakeResolver(["127.0.0.1"], ["224.0.0.1"]))
    async with server.serving():
        with pytest.raises(NotDelivered) as caught:
            await ask(pool, f"http://rebound.example:{server.port}/mcp", Reach.PRIVATE)
    await pool.close()
    assert caught.value.reason == "its address is a reserved address, which no server has"
    assert len(server.seen) == 1


async def test_a_proxy_is_not_asked_for_an_address_of_its_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxy, pool = OddServer({}), HttpPool()
    async with proxy.serving():
        monkeypatch.setenv("http_proxy", f"127.0.0.1:{proxy.port}")
        for host in ("10.0.0.1", "2130706433", "[::1]", "169.254.169.254"):
            with pytest.raises(NotDelivered):
                await ask(pool, f"http://{host}/mcp", Reach.PUBLIC)
        assert proxy.seen == []
        assert await ask(pool, "http://mcp.invalid/mcp", Reach.PUBLIC) < 500
    await pool.close()
    assert [seen.path for seen in proxy.seen] == ["http://mcp.invalid/mcp"]
