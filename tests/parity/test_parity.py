"""The same requests through both doors: each row says what must come back from either."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import pytest

from tests.graphql_documents import (
    ADD_SERVER,
    CALL_TOOL,
    DELETE_SECRET,
    DELETE_SERVER,
    DISABLE_SERVER,
    ENABLE_SERVER,
    INSTALL_PACKAGE,
    PACKAGES,
    SERVER_BY_NAME,
    SERVERS,
    SET_SECRET,
    UNINSTALL_PACKAGE,
    UPDATE_SERVER,
)
from tests.product import Product
from tests.subjects import FINGERPRINT

COMMAND = {"command": sys.executable, "args": ["-S", str(FINGERPRINT)]}
# GraphQL's name for a field of a REST body.
RENAMED = {"methodName": "toolName", "args": "arguments"}
# REST has milliseconds, and enums in lower case.
DURATIONS = {
    "timeout": "timeoutSeconds", "startupTimeout": "startupTimeoutSeconds",
    "callTimeout": "callTimeoutSeconds", "idleTimeout": "idleSeconds",
}  # fmt: skip
ENUMS = {"transportType": "transport", "isolation": "isolation"}
RENAMED_SECRET = {"secretName": "name", "secretValue": "value"}


@dataclass(frozen=True, slots=True)
class Row:
    """One operation as each door is asked for it, and the code both must answer with."""

    title: str
    rest: tuple[str, str]
    body: Mapping[str, object] | None
    document: str
    given: Mapping[str, object]
    code: str | None


def as_graphql(body: Mapping[str, Any]) -> dict[str, object]:
    """A body of REST as the input of GraphQL."""
    given: dict[str, object] = {}
    for name, value in body.items():
        if name in DURATIONS:
            given[DURATIONS[name]] = None if value is None else value / 1000
        elif name == "secrets" and isinstance(value, list):
            given[name] = [s | {"delivery": str(s["delivery"]).upper()} for s in value]
        elif name in ENUMS:
            given[ENUMS[name]] = value.upper()
        else:
            given[name] = value
    return given


def call(title: str, code: str | None, **body: object) -> Row:
    given = {RENAMED.get(name, name): value for name, value in as_graphql(body).items()}
    return Row(title, ("POST", "/mcp/tool/call"), body, CALL_TOOL, given, code)


def add(title: str, code: str | None, **body: object) -> Row:
    return Row(title, ("POST", "/mcp/servers"), body, ADD_SERVER, as_graphql(body), code)


def update(title: str, code: str | None, name: str, **body: object) -> Row:
    given = {"name": name, **as_graphql(body)}
    return Row(title, ("PUT", f"/mcp/servers/{name}"), body, UPDATE_SERVER, given, code)


def switch(title: str, code: str | None, name: str, verb: str, document: str) -> Row:
    return Row(title, ("PUT", f"/mcp/servers/{name}/{verb}"), None, document, {"name": name}, code)


def secret(title: str, code: str | None, verb: str, **body: object) -> Row:
    given = {RENAMED_SECRET.get(name, name): value for name, value in body.items()}
    document = SET_SECRET if verb == "set" else DELETE_SECRET
    return Row(title, ("POST", f"/secrets/{verb}"), body, document, given, code)


def install(title: str, code: str | None, **body: object) -> Row:
    given = as_graphql(body)
    return Row(title, ("POST", "/packages/install"), body, INSTALL_PACKAGE, given, code)


def wanted(name: str, delivery: str = "environment", **more: object) -> dict[str, object]:
    """A declared secret, as REST writes it."""
    return {"name": name, "delivery": delivery, **more}


A = {"serverName": "a"}
KEY = {"serverName": "a", "secretName": "key"}
ROWS = [
    call("a tool is called", None, **A, methodName="fingerprint", args={"city": "Bern"}),
    call("a tool is called without arguments", None, **A, methodName="fingerprint"),
    call("for another user", None, **A, methodName="fingerprint", username="alice"),
    call("with time enough", None, **A, methodName="fingerprint", timeout=20_000),
    call("with too little time", "TOOL_TIMEOUT", **A, methodName="slow", timeout=200,
         args={"seconds": 20}),
    call("with no time at all", "INVALID_INPUT", **A, methodName="pid", timeout=0),
    call("with more time than there is", "INVALID_INPUT", **A, methodName="pid", timeout=3_600_001),
    call("an unknown server", "SERVER_NOT_FOUND", serverName="z", methodName="pid"),
    call("an unknown tool", "TOOL_NOT_FOUND", **A, methodName="nothing"),
    call("a disabled server", "SERVER_DISABLED", serverName="off", methodName="pid"),
    call("a malformed server name", "INVALID_INPUT", serverName="../a", methodName="pid"),
    call("an empty tool name", "INVALID_INPUT", **A, methodName=""),
    call("a malformed user", "INVALID_INPUT", **A, methodName="pid", username=" "),
    call("a server that dies", "SERVER_FAILED", **A, methodName="crash"),
    call("a server that answers with an error", "SERVER_FAILED", **A, methodName="leak"),
    call("a server that does not start", "SERVER_DID_NOT_START", serverName="bad", methodName="x"),
    add("a taken name", "CONFLICT", name="a", **COMMAND),
    add("a malformed name", "INVALID_INPUT", name="-x", **COMMAND),
    add("an empty command", "INVALID_INPUT", name="n", command=" "),
    add("a variable that steers the loader", "INVALID_INPUT", name="n", command="x", env={"LD_X": "y"}),
    add("a variable that is no text", "INVALID_INPUT", name="n", command="x", env={"X": 1}),
    add("no command", "INVALID_INPUT", name="n"),
    add("an address for a program", "INVALID_INPUT", name="n", command="x", url="http://x"),
    add("a command for an address", "INVALID_INPUT", name="n", command="x", transportType="sse",
        url="http://x"),
    add("no address", "INVALID_INPUT", name="n", transportType="streamable_http"),
    add("an address with a password", "INVALID_INPUT", name="n", transportType="streamable_http",
        url="http://u:p@127.0.0.1:9/"),
    add("a header that is no text", "INVALID_INPUT", name="n", transportType="streamable_http",
        url="http://127.0.0.1:9/", headers={"X": 1}),
    add("a header of the transport's own", "INVALID_INPUT", name="n", url="http://127.0.0.1:9/",
        transportType="streamable_http", headers={"Mcp-Session-Id": "x"}),
    *(
        add(f"a {name} of nothing", "INVALID_INPUT", name="n", command="x", **{name: 0})
        for name in ("startupTimeout", "callTimeout", "idleTimeout", "maxConcurrentCalls", "maxSessions")
    ),
    update("a server's limits are set", None, "a", callTimeout=30_000, idleTimeout=600_000,
           maxConcurrentCalls=50, maxSessions=4),
    update("a server's limits are taken back", None, "a", idleTimeout=None,
           maxConcurrentCalls=None, maxSessions=None),
    update("a server has a session for each user", None, "a", isolation="per_user"),
    call("a tool is called on a session of the caller's own", None, **A, methodName="fingerprint"),
    update("a server has one session for all", None, "a", isolation="shared"),
    update("a server moves", None, "far", url="http://127.0.0.1:9/moved", headers={"X-Key": "v"}),
    update("a server speaks another way", None, "far", transportType="sse",
           url="http://127.0.0.1:9/sse"),
    update("a server goes without saying where", "INVALID_INPUT", "off",
           transportType="streamable_http"),
    update("an unknown server is changed", "SERVER_NOT_FOUND", "z", description="x"),
    update("a server is described", None, "a", description="it tells hashes"),
    update("a description is taken back", None, "a", description=None),
    update("a server is given a bad command", "INVALID_INPUT", "a", command=""),
    add("a header for a program", "INVALID_INPUT", name="n", command="x",
        secrets=[wanted("k", "header", target="X-K")]),
    add("a variable for an address", "INVALID_INPUT", name="n", transportType="streamable_http",
        url="http://127.0.0.1:9/", secrets=[wanted("k")]),
    add("a secret declared twice", "INVALID_INPUT", name="n", command="x",
        secrets=[wanted("k"), wanted("k", "argument")]),
    add("a template without a place", "INVALID_INPUT", name="n", command="x",
        secrets=[wanted("k", template="x")]),
    update("a server declares its secrets", None, "off", masksResults=False, secrets=[
        wanted("k", template="Bearer {value}", required=True, description="words"),
        wanted("f", "file", target="F_PATH"), wanted("a", "argument"),
    ]),
    update("a server declares a secret badly", "INVALID_INPUT", "off",
           secrets=[wanted("k", target="LD_X")]),
    update("a server takes its secrets back", None, "off", secrets=[], masksResults=True),
    update("a server needs a secret", None, "needy", secrets=[wanted("k", required=True)]),
    call("a server whose secret is not set", "SECRET_MISSING", serverName="needy",
         methodName="pid"),
    install("a secret declared badly", "INVALID_INPUT", name="x", serverName="p",
            secrets=[wanted("k", "query")]),
    switch("a server is disabled", None, "a", "disable", DISABLE_SERVER),
    switch("a server is enabled", None, "a", "enable", ENABLE_SERVER),
    switch("an unknown server is enabled", "SERVER_NOT_FOUND", "z", "enable", ENABLE_SERVER),
    Row("an unknown server is deleted", ("DELETE", "/mcp/servers/z"), None, DELETE_SERVER,
        {"name": "z"}, "SERVER_NOT_FOUND"),
    secret("a secret is set", None, "set", **KEY, secretValue="eight or more", username="bob"),
    secret("a secret for an unknown server", "SERVER_NOT_FOUND", "set", serverName="z",
           secretName="key", secretValue="x"),
    secret("a malformed secret name", "INVALID_INPUT", "set", serverName="a", secretName="a b",
           secretValue="x"),
    secret("an empty secret", "INVALID_INPUT", "set", **KEY, secretValue=""),
    secret("a secret is removed", None, "delete", **KEY, username="bob"),
    secret("a secret that is not there is removed", None, "delete", **KEY, username="bob"),
    install("a path", "INVALID_INPUT", name="../x", serverName="p"),
    install("a URL", "INVALID_INPUT", name="git+ssh://example/x", serverName="p"),
    install("an option as version", "INVALID_INPUT", name="x", serverName="p", version="--force"),
    install("a taken server name", "CONFLICT", name="mcp-hello-world", serverName="a"),
    install("an unknown package", "PACKAGE_NOT_FOUND", name="mcp-api-there-is-no-such-package",
            serverName="p"),
    Row("an unknown package is uninstalled", ("DELETE", "/packages/z"), None, UNINSTALL_PACKAGE,
        {"serverName": "z"}, "PACKAGE_NOT_FOUND"),
]  # fmt: skip


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("p")).start()
    for name in ("a", "off", "needy"):
        product.add_fingerprint(name)
    product.rest("PUT", "/mcp/servers/off/disable")
    product.rest("POST", "/mcp/servers", {"name": "bad", "command": "/nonexistent"})
    far = {"transportType": "streamable_http", "url": "http://127.0.0.1:9/mcp", "enabled": False}
    product.rest("POST", "/mcp/servers", {"name": "far", **far})
    product.set_secret("a", "token", "known to alice", "alice")
    yield product
    product.stop()


@pytest.mark.parametrize("row", ROWS, ids=[row.title for row in ROWS])
def test_both_doors_answer_alike(product: Product, row: Row) -> None:
    before = state(product)
    answer = product.rest(*row.rest, body=row.body).json()
    between = state(product)
    result = product.graphql(row.document, input=row.given)
    after = state(product)
    assert answer.get("code") == row.code
    assert answer["success"] is (row.code is None)
    assert result.get("code") == row.code
    assert (before == between) or row.code is None
    assert between == after  # what REST has done, GraphQL does not undo; a refusal changes nothing
    if row.code is not None:
        hint = "" if result["hint"] is None else f" {result['hint']}"
        assert answer["error"] == result["message"] + hint
    if row.document is CALL_TOOL and row.code is None:
        assert answer["data"] == result["raw"]


def test_both_doors_show_the_same_servers(product: Product) -> None:
    shown = product.rest("GET", "/mcp/servers").json()["servers"]
    nodes = product.graphql(SERVERS)["nodes"]
    assert [as_rest(node) for node in nodes] == [comparable(server) for server in shown]
    one = product.rest("GET", "/mcp/servers/a").json()["server"]
    assert as_rest(product.graphql(SERVER_BY_NAME, name="a")) == comparable(one)


def test_both_doors_give_a_user_the_same_secrets(product: Product) -> None:
    expected = f'{{"token": "{sha256(b"known to alice").hexdigest()}"}}'
    for username, text in (("alice", expected), ("bob", "{}")):
        assert product.call("a", "fingerprint", username=username) == text
        assert product.call_rest("a", "fingerprint", username=username) == text


def test_a_package_installed_through_one_door_is_shown_alike_by_both(product: Product) -> None:
    given = {"name": "mcp-hello-world", "serverName": "hello"}
    answer = product.rest("POST", "/packages/install", given).json()
    (node,) = product.graphql(PACKAGES)["nodes"]
    (package,) = product.rest("GET", "/packages").json()["packages"]
    assert answer["package"] == package
    for name in ("name", "version", "installPath"):
        assert node[name] == package[name]
    assert node["status"].lower() == package["status"]
    assert node["serverName"] == package["mcpServerId"]
    removed = product.graphql(UNINSTALL_PACKAGE, input={"serverName": "hello"})
    assert removed == {"__typename": "UninstalledPackage", "serverName": "hello"}
    assert product.rest("GET", "/packages").json()["packages"] == []
    assert product.rest("GET", "/mcp/servers/hello").status_code == 404


def state(product: Product) -> object:
    """What is stored, as far as either door shows it; not what is running."""
    volatile = ("status", "lastError", "logs", "updatedAt", "tools")
    nodes = product.graphql(SERVERS)["nodes"]
    servers = [{k: v for k, v in node.items() if k not in volatile} for node in nodes]
    return servers, product.graphql(PACKAGES)["nodes"]


def comparable(server: Mapping[str, Any]) -> dict[str, object]:
    """A REST server without its log, its tools by name: REST lists them as the server does."""
    tools = sorted(server["toolsList"], key=lambda tool: str(tool["name"]))
    return {**server, "logs": [], "toolsList": tools}


def as_rest(node: Mapping[str, Any]) -> dict[str, object]:
    """A GraphQL server in REST's shape, without its log."""
    is_program = node["transport"] == "STDIO"
    same = (
        "name",
        "displayName",
        "description",
        *(("command", "args", "env") if is_program else ("url", "headers")),
        "masksResults",
        "maxConcurrentCalls",
        "maxSessions",
        "enabled",
    )
    return {
        **{name: node[name] for name in same},
        "transportType": node["transport"].lower(),
        "secretNames": [binding["name"] for binding in node["secretBindings"]],
        "secrets": [
            {**binding, "delivery": binding["delivery"].lower()}
            for binding in node["secretBindings"]
        ],
        "isolation": node["isolation"].lower(),
        "status": node["status"].lower(),
        "startupTimeout": round(node["startupTimeoutSeconds"] * 1000),
        "callTimeout": round(node["callTimeoutSeconds"] * 1000),
        "idleTimeout": None if node["idleSeconds"] is None else round(node["idleSeconds"] * 1000),
        "toolsList": [tool_as_rest(tool) for tool in node["tools"]["nodes"]],
        "logs": [],
    }


def tool_as_rest(tool: Mapping[str, Any]) -> dict[str, object]:
    """A GraphQL tool in REST's shape: what the server did not give is left out."""
    return {k: v for k, v in tool.items() if v is not None and k != "serverName"}
