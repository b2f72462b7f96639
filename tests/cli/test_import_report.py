"""The report of an import, and the client it is made with, where a real product cannot lead."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from app.cli.import_client import ClientProblem, ImportClient, check_product_url
from app.cli.import_report import place
from app.domain.delivery import Delivery, SecretBinding, bindings_for
from app.domain.errors import AppError
from app.domain.imports.plan import (
    Existing,
    Plan,
    Wanted,
    WantedSecret,
    check_target,
    differences,
    secret_ways,
)
from app.domain.package import InstallRequest, PackageSource
from app.domain.secret import SecretRef
from app.domain.server import ServerSettings, Transport

VALUE = "planted-value"
SETTINGS = ServerSettings(name="s", command="env A=planted run", secrets=bindings_for(["k"]))
SECRET = WantedSecret(SecretRef("alice", "s", "k"), VALUE)
THERE = Existing(
    name="s", transport="stdio", command=SETTINGS.command, args=(), env={}, cwd=None, url=None,
    headers={}, secrets=secret_ways(SETTINGS.secrets),
)  # fmt: skip
REQUEST = InstallRequest(
    source=PackageSource(name="p", version="1.0.0", args=("--in", "{packageDir}/x")),
    server_name="s",
    env={"HOME_DIR": "{packageDir}"}, startup_timeout_seconds=30,
)  # fmt: skip
INSTALLED = Existing(
    name="s", transport="stdio", command="node", args=("/d/i.js", "--in", "/d/x"),
    env={"HOME_DIR": "/d"}, cwd=None, url=None, headers={}, secrets=frozenset(), package="p",
    version="1.0.0", requested_version="latest", install_path="/d",
)  # fmt: skip


class FakeProduct:
    """A product that answers every change as it was told, and remembers what it was asked."""

    def __init__(self, answer: str | None, there: Sequence[Existing] = ()) -> None:
        self._answer = answer
        self._there = there
        self.asked: list[str] = []

    async def servers(self) -> dict[str, Existing]:
        return {server.name: server for server in self._there}

    async def secrets(self, username: str) -> set[SecretRef]:
        return set()

    async def install(self, request: InstallRequest) -> str | None:
        self.asked.append("install")
        return self._answer

    async def add(self, settings: ServerSettings) -> str | None:
        self.asked.append("add")
        return self._answer

    async def set_secret(self, secret: WantedSecret) -> str | None:
        self.asked.append("set")
        return self._answer


async def report(product: FakeProduct, *, is_applied: bool = True) -> tuple[int, str]:
    lines: list[str] = []
    plan = Plan(wanted=(Wanted(target=SETTINGS, secrets=(SECRET,)),))
    code = await place(plan, product, lines.append, is_applied=is_applied)
    return code, "\n".join(lines)


async def test_a_value_in_a_reason_is_masked_and_control_characters_are_taken_out() -> None:
    product = FakeProduct(f"It said {VALUE} \x1b[2J.")
    code, told = await report(product)
    assert code == 1
    assert (
        "cannot be placed  server 's': command env, wants k (ARGUMENT): It said [secret] ?[2J."
        in told
    )
    assert "planted" not in told
    assert product.asked == ["add"]


async def test_a_dry_run_asks_for_no_change() -> None:
    product = FakeProduct(None)
    code, told = await report(product, is_applied=False)
    assert (code, product.asked) == (0, [])
    assert told.endswith("Nothing was changed. To do it: the same with --apply")


async def test_secrets_are_not_given_to_another_server_of_the_name() -> None:
    product = FakeProduct(None, [replace(THERE, command="other")])
    code, told = await report(product)
    assert (code, product.asked) == (1, [])
    assert "which differs in command; it is left as it is." in told


async def test_a_secret_that_is_missing_is_added_to_the_server_that_is_there() -> None:
    product = FakeProduct(None, [THERE])
    code, told = await report(product)
    assert (code, product.asked) == (0, ["set"])
    assert told.startswith("already there")


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (THERE, []),
        (replace(THERE, package="p"), ["package"]),
        (replace(THERE, transport="sse"), ["transport"]),
        (replace(THERE, args=("a",), env={"A": "b"}), ["args", "env"]),
        (replace(THERE, cwd="/", url="https://h", headers={"A": "b"}), ["cwd", "url", "headers"]),
        (replace(THERE, secrets=frozenset()), ["secrets"]),
    ],
)
def test_a_server_is_compared_in_all_that_an_import_sets(
    there: Existing, expected: list[str]
) -> None:
    assert differences(SETTINGS, there) == expected


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (INSTALLED, []),
        (replace(INSTALLED, version="2.0.0"), ["version"]),
        (replace(INSTALLED, package="q"), ["package"]),
        (replace(INSTALLED, args=("/d/i.js",)), ["args"]),
        (replace(INSTALLED, env={}), ["env"]),
        (replace(INSTALLED, package=None, install_path=""), ["package", "args", "env"]),
    ],
)
def test_a_package_is_compared_in_all_that_an_import_sets(
    there: Existing, expected: list[str]
) -> None:
    assert differences(REQUEST, there) == expected


def test_the_latest_is_there_whatever_it_was_then() -> None:
    assert (
        differences(
            replace(REQUEST, source=replace(REQUEST.source, version="latest")),
            replace(INSTALLED, version="3.0.0"),
        )
        == []
    )


def test_another_way_of_a_secret_is_a_difference() -> None:
    other = SecretBinding(name="k", delivery=Delivery.ENVIRONMENT, target="k")
    there = replace(THERE, secrets=secret_ways([other]))
    assert differences(SETTINGS, there) == ["secrets"]


@pytest.mark.parametrize(
    "target",
    [
        replace(REQUEST, source=replace(REQUEST.source, command="")),
        replace(REQUEST, source=replace(REQUEST.source, version="../1")),
        replace(REQUEST, server_name="a b"),
        replace(SETTINGS, transport=Transport.SSE),
    ],
)
def test_what_the_services_would_refuse_is_refused_before(
    target: InstallRequest | ServerSettings,
) -> None:
    with pytest.raises(AppError):
        check_target(target)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/", "http://localhost", "http://[::1]:1", "https://example.com"]
)
def test_this_machine_and_https_are_good(url: str) -> None:
    assert check_product_url(url) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    ["http://example.com", "http://10.0.0.1", "http://127.0.0.1.example.com", "http://a@localhost",
     "//localhost", "", "http://[::1", "http://0x7f.1"],
)  # fmt: skip
def test_every_other_address_is_refused(url: str) -> None:
    with pytest.raises(ClientProblem):
        check_product_url(url)


async def answering(answer: bytes, requests: list[bytes]) -> asyncio.Server:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        writer.close()
        await writer.wait_closed()

    return await asyncio.start_server(serve, "127.0.0.1", 0)


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ({"Location": "http://127.0.0.1:9/"}, b""),
        ({}, b"<html>"),
        ({}, b"[]"),
        ({}, b'{"data": null}'),
        ({}, b'{"errors": [{"message": "no such field"}]}'),
    ],
)
async def test_what_answers_otherwise_is_told_and_no_redirect_is_followed(
    head: Mapping[str, Any], body: bytes
) -> None:
    requests: list[bytes] = []
    fields = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    status = "307 Elsewhere" if head else "200 OK"
    answer = f"HTTP/1.1 {status}\r\n{fields}Content-Length: {len(body)}\r\n\r\n".encode() + body
    server = await answering(answer, requests)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, ImportClient(url) as client:
        with pytest.raises(ClientProblem, match=r"is no MCP API|refused: no such field"):
            await client.set_secret(SECRET)
    assert len(requests) == 1
