"""A recognisable secret is planted; afterwards it is nowhere but sealed in the database."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from bson import json_util
from pymongo import MongoClient

from app.mongo.process import socket_folder
from tests.e2e.canary import CANARY, FORMS, HEADER_CANARY, LITERAL, PART
from tests.graphql_documents import (
    ADD_SERVER,
    CALL_TOOL,
    PREFLIGHT,
    SECRETS,
    SERVERS,
    SESSIONS,
    SET_SECRET,
)
from tests.product import Product, all_processes, eventually, read_proc
from tests.servers.http_echo import echoing, received
from tests.subjects import KEYED

USER = "carol"
NAME = "token"
OF_CAROL = {"keyed": ("key", "API_CERT_FILE"), "far": ("token", "query")}


class Listener:
    """The product, with every body it answered kept."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.heard: list[bytes] = []

    def rest(self, method: str, path: str, body: object = None, **options: Any) -> Any:
        response = self.product.rest(method, path, body, **options)
        self.heard += [response.content, str(response.headers).encode()]
        return response.json()

    def graphql(self, query: str, variables: object = None) -> Any:
        return self.rest("POST", "/graphql", {"query": query, "variables": variables or {}})


@pytest.fixture(scope="module")
def listener(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listener]:
    product = Product(tmp_path_factory.mktemp("c"), LOG_LEVEL="DEBUG").start()
    product.add_fingerprint("fp")
    product.set_secret("fp", NAME, CANARY, USER)
    with echoing() as address:
        declare_secrets(product, address)
        yield Listener(product)
        if product.is_running:
            product.stop()


def declare_secrets(product: Product, address: str) -> None:
    """Servers that are given it in a variable, a file, a header and an address."""
    keyed = [
        {"name": "key", "delivery": "ENVIRONMENT", "target": "API_KEY"},
        {"name": "API_CERT_FILE", "delivery": "FILE"},
    ]
    product.add_server("keyed", KEYED, secrets=keyed)
    far = [
        {"name": "token", "delivery": "HEADER", "target": "Authorization",
         "template": "Bearer {value}"},
        {"name": "query", "delivery": "QUERY", "target": "key"},
    ]  # fmt: skip
    settings = {"serverName": "far", "transport": "STREAMABLE_HTTP", "url": address, "secrets": far}
    assert product.graphql(ADD_SERVER, input=settings)["__typename"] == "Server"
    for server, names in OF_CAROL.items():
        for name in names:
            value = HEADER_CANARY if name == "token" else CANARY
            product.set_secret(server, name, value, USER)
            product.set_secret(server, name, f"nothing special, {name}", "dave")


def test_a_secret_is_nowhere_but_sealed_in_the_database(listener: Listener) -> None:
    calls_that_use_it(listener)
    it_on_every_way(listener)
    it_in_no_environment_but_its_users(listener)
    it_again_through_both_doors(listener)
    mistakes_next_to_it(listener)
    it_in_the_wrong_place(listener)
    everything_that_can_be_listed(listener)
    product = listener.product
    it_is_not_in(b"".join(listener.heard), "an answer")
    it_is_not_in(b"".join(read_proc(p, "cmdline") for p in all_processes()), "a process list")
    it_is_not_in(dump_of(product), "the database")
    product.stop()
    it_is_not_in(product.output_path.read_bytes(), "the output")
    it_is_not_in((product.data_dir / "mongodb.log").read_bytes(), "the database's log")
    files = [file for file in product.data_dir.rglob("*") if file.is_file()]
    it_is_not_in(b"".join(file.read_bytes() for file in files), "the data folder")
    assert not any("secret-files" in file.parts for file in files)


def calls_that_use_it(listener: Listener) -> None:
    """Delivered, echoed in an error, written to stderr, and lost in a crash."""
    for tool in ("fingerprint", "leak", "environment", "crash", "no-such-tool"):
        call = {"serverName": "fp", "toolName": tool, "username": USER, "arguments": {"a": "b"}}
        listener.graphql(CALL_TOOL, {"input": call})
        body = {"serverName": "fp", "methodName": tool, "username": USER, "args": {"a": "b"}}
        listener.rest("POST", "/mcp/tool/call", body)
    leaked = {"serverName": "fp", "methodName": "leak", "username": USER}
    answer = listener.rest("POST", "/mcp/tool/call", leaked)
    assert answer == {
        "success": False,
        "error": "Server 'fp' answered with an error: "
        'could not work with {"token": "[secret]"} (-32000).',
        "code": "SERVER_FAILED",
    }
    eventually(lambda: 'leaking {"token": "[secret]"}' in logs_of(listener.product))
    # Within a result, only values nobody would mistake for ordinary words are masked.
    listener.product.set_secret("fp", NAME, CANARY, USER)
    slow = {"serverName": "fp", "toolName": "slow", "arguments": {"seconds": 30},
            "username": USER, "timeoutSeconds": 0.2}  # fmt: skip
    timed_out = listener.graphql(CALL_TOOL, {"input": slow})["data"]["callTool"]
    assert timed_out["code"] == "TOOL_TIMEOUT"


def it_on_every_way(listener: Listener) -> None:
    """Delivered at the start of a session, and repeated by the server wherever it can."""
    arguments = {"city": "x", "token": "y"}
    for server, tools in (
        ("keyed", ("keys", "tell", "fail", "refuse")),
        ("far", ("tell", "refuse")),
    ):
        for tool in tools:
            call = {
                "serverName": server,
                "toolName": tool,
                "username": USER,
                "arguments": arguments,
            }
            listener.graphql(CALL_TOOL, {"input": call})
            body = {"serverName": server, "methodName": tool, "username": USER, "args": arguments}
            listener.rest("POST", "/mcp/tool/call", body)
        listener.graphql(PREFLIGHT, {"serverName": server, "username": USER})
    assert PART in received[-1][1]["Authorization"]  # it did arrive
    assert PART in received[-1][0]
    # Where it cannot go: a header takes no letter that is not ASCII.
    listener.product.set_secret("far", "token", CANARY, USER)
    call = {"serverName": "far", "toolName": "tell", "username": USER, "arguments": arguments}
    refused = listener.graphql(CALL_TOOL, {"input": call})["data"]["callTool"]
    assert refused["code"] == "CONFLICT"
    listener.product.set_secret("far", "token", HEADER_CANARY, USER)
    # A server that does not start, and says why.
    script = "import os, sys; sys.exit(repr(dict(os.environ)))"
    bad = {"serverName": "bad", "command": sys.executable, "args": ["-S", "-c", script]}
    wants = [{"name": "key", "delivery": "ENVIRONMENT", "target": "API_KEY"}]
    listener.graphql(ADD_SERVER, {"input": {**bad, "secrets": wants}})
    listener.product.set_secret("bad", "key", CANARY, USER)
    failed = {"serverName": "bad", "toolName": "x", "username": USER}
    answer = listener.graphql(CALL_TOOL, {"input": failed})["data"]["callTool"]
    assert (answer["code"], "[secret]" in answer["hint"]) == ("SERVER_DID_NOT_START", True)
    listener.graphql(SESSIONS)


def it_in_no_environment_but_its_users(listener: Listener) -> None:
    """Of all processes only those of carol's session have it, and dave's does not."""
    arguments = {"city": "x", "token": "y"}
    pids = {
        user: int(listener.product.call("keyed", "pid", arguments, user)) for user in (USER, "dave")
    }
    having = {p for p in all_processes() if PART.encode() in read_proc(p, "environ")}
    assert having == {pids[USER]}
    assert b"nothing special" in read_proc(pids["dave"], "environ")
    (path,) = [
        entry.partition(b"=")[2].decode()
        for entry in read_proc(pids[USER], "environ").split(b"\0")
        if entry.startswith(b"API_CERT_FILE=")
    ]
    assert Path(path).read_text(encoding="utf-8") == CANARY
    assert Path(path).stat().st_mode & 0o777 == 0o600


def it_again_through_both_doors(listener: Listener) -> None:
    """Set again: the answers tell its name, never its value."""
    secret = {"serverName": "fp", "name": NAME, "value": CANARY, "username": USER}
    stored = listener.graphql(SET_SECRET, {"input": secret})["data"]["setSecret"]
    assert stored["name"] == NAME
    mutation = f'mutation {{ setSecret(input: {{serverName: "fp", name: "{NAME}", value: '
    listener.graphql(mutation + LITERAL + "}) { __typename } }")
    body = {"serverName": "fp", "secretName": NAME, "secretValue": CANARY, "username": USER}
    assert listener.rest("POST", "/secrets/set", body) == {"success": True}


def mistakes_next_to_it(listener: Listener) -> None:
    """A correct value in a request that is wrong elsewhere."""
    good: dict[str, object] = {"serverName": "fp", "name": NAME, "value": CANARY, "username": USER}
    wrong: list[dict[str, object]] = [
        {**good, "serverName": 3},
        {**good, "name": None},
        {**good, "username": [CANARY]},
        {**good, "value": [CANARY]},
        {**good, "value": {"deep": [CANARY]}},
        {**good, "unknown": 1},
        {**good, "serverName": "nobody"},
        {**good, "name": "not a name"},
        {"value": CANARY},
    ]
    for variables in wrong:
        answer = listener.graphql(SET_SECRET, {"input": variables})
        assert "errors" in answer or answer["data"]["setSecret"]["code"], answer
        literal = ", ".join(f"{name}: {literal_of(value)}" for name, value in variables.items())
        listener.graphql(f"mutation {{ setSecret(input: {{{literal}}}) {{ __typename }} }}")
        names = {"name": "secretName", "value": "secretValue"}
        body = {names.get(name, name): value for name, value in variables.items()}
        answer = listener.rest("POST", "/secrets/set", body)
        assert answer["success"] is False
    variable = f'mutation ($v: String!) {{ setSecret(input: {{serverName: "fp", name: "{NAME}", '
    for wrong_value in ([CANARY], {"a": CANARY}, {CANARY: 1}):
        listener.graphql(variable + "value: $v}) { __typename } }", {"v": wrong_value})
        listener.graphql(variable + "value: [$v]}) { __typename } }", {"v": wrong_value})
    mutation = f'mutation {{ setSecret(input: {{serverName: "fp", value: {LITERAL}'
    listener.graphql(mutation)
    listener.graphql(mutation + "}) { __typename } ")
    listener.graphql(mutation + '", name: 3}) { __typename } }')
    raw = b'{"serverName":"fp","secretName":"token","secretValue":' + LITERAL.encode()
    listener.rest("POST", "/secrets/set", content=raw, headers={"Content-Type": "application/json"})
    listener.rest("POST", "/graphql", content=raw, headers={"Content-Type": "application/json"})
    listener.rest("POST", "/secrets/set", content=raw, headers={"Content-Type": "text/plain"})


def it_in_the_wrong_place(listener: Listener) -> None:
    """As a field's name or where a number belongs: what is refused is not repeated whole."""
    body = {"serverName": "fp", "secretName": NAME, "secretValue": CANARY, "username": USER}
    for wrong in ({**body, "value": CANARY}, {**body, "secretValue": 3, "username": "x"}):
        assert listener.rest("POST", "/secrets/set", wrong)["code"] == "INVALID_INPUT"
    for field in ("args", "serverName"):
        call = {"serverName": "fp", "methodName": "pid", field: [CANARY]}
        assert listener.rest("POST", "/mcp/tool/call", call)["code"] == "INVALID_INPUT"
    server = {"name": "x", "command": "true", "env": [CANARY]}
    assert listener.rest("POST", "/mcp/servers", server)["code"] == "INVALID_INPUT"
    install = {"name": "x", "serverName": "x", "enabled": CANARY}
    assert listener.rest("POST", "/packages/install", install)["code"] == "INVALID_INPUT"


def everything_that_can_be_listed(listener: Listener) -> None:
    secrets = listener.graphql(SECRETS, {"username": USER})["data"]["secrets"]["nodes"]
    assert [(secret["serverName"], secret["name"]) for secret in secrets] == [
        ("bad", "key"), ("far", "query"), ("far", "token"), ("fp", NAME),
        ("keyed", "API_CERT_FILE"), ("keyed", "key"),
    ]  # fmt: skip
    for query in (SERVERS, "{ tools { nodes { id inputSchema } } }", "{ viewer { username } }"):
        assert "errors" not in listener.graphql(query)
    for path in ("/mcp/servers", "/mcp/servers/fp", "/mcp/tools", "/packages", "/healthz"):
        assert listener.rest("GET", path)["success"] is True


def literal_of(value: object) -> str:
    """A GraphQL literal; object keys are not quoted."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {literal_of(v)}" for k, v in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


def logs_of(product: Product) -> str:
    return "\n".join(product.rest("GET", "/mcp/servers/fp").json()["server"]["logs"])


def dump_of(product: Product) -> bytes:
    """Every document of every collection, the sealed one included."""
    socket = quote(str(socket_folder(product.data_dir) / "mongodb-27017.sock"), safe="")
    with MongoClient[dict[str, Any]](f"mongodb://{socket}/?directConnection=true") as client:
        collections = [
            client[database][name]
            for database in client.list_database_names()
            for name in client[database].list_collection_names()
        ]
        assert ("mcp", "secrets") in [(c.database.name, c.name) for c in collections]
        documents = [document for c in collections for document in c.find()]
        sealed = [*client["mcp"]["secrets"].find({"username": USER})]
        assert [row["sealed"][:3] for row in sealed] == ["v2."] * 6
    return b"\n".join(
        [*(json_util.dumps(d, ensure_ascii=False).encode() for d in documents),
         *(repr(d).encode() for d in documents)]
    )  # fmt: skip


def it_is_not_in(found: bytes, place: str) -> None:
    assert found
    for spelling, form in FORMS:
        at = found.find(form.encode())
        assert at < 0, f"{spelling} in {place}: {found[max(0, at - 300) : at + 100]!r}"
    assert orjson.dumps(CANARY)[1:-1] not in found
