"""The same requests through both doors: each row says what must come back from either."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

import pytest

from tests.graphql_documents import (
    CALL_TOOL,
    PACKAGES,
    SERVER_BY_NAME,
    SERVERS,
    UNINSTALL_PACKAGE,
)
from tests.parity.rows import (
    ROWS,
    Row,
)
from tests.product import Product


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("p")).start()
    for name in ("a", "off", "needy"):
        product.add_fingerprint(name)
    product.rest("PUT", "/mcp/servers/off/disable")
    product.rest("POST", "/mcp/servers", {"name": "bad", "command": "/nonexistent"})
    far = {"transportType": "streamable_http", "url": "http://127.0.0.1:9/mcp", "enabled": False}
    product.rest("POST", "/mcp/servers", {"name": "far", **far})
    tool = {"name": "mcp-hello-world", "serverName": "tool", "version": "1.1.2"}
    assert product.rest("POST", "/packages/install", tool).json()["success"]
    product.rest("PUT", "/packages/tool/upgrade", {"version": "1.1.2"})
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
    node, _ = product.graphql(PACKAGES)["nodes"]
    package, _ = product.rest("GET", "/packages").json()["packages"]
    assert answer["package"] == package
    for name in (
        "name", "version", "installPath", "requestedVersion", "latestVersion", "updateAvailable",
        "previousVersion",
    ):  # fmt: skip
        assert node[name] == package[name]
    assert node["status"].lower() == package["status"]
    assert node["serverName"] == package["mcpServerId"]
    removed = product.graphql(UNINSTALL_PACKAGE, input={"serverName": "hello"})
    assert removed == {"__typename": "UninstalledPackage", "serverName": "hello"}
    (left,) = product.rest("GET", "/packages").json()["packages"]
    assert left["mcpServerId"] == "tool"
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


def access_as_rest(access: Mapping[str, Any]) -> dict[str, object]:
    """GraphQL lists the tools that have another name; REST has them in an object."""
    renamed = {entry["tool"]: entry["name"] for entry in access["renamedTools"]}
    return {**access, "renamedTools": renamed}


def as_rest(node: Mapping[str, Any]) -> dict[str, object]:
    """A GraphQL server in REST's shape, without its log."""
    is_program = node["transport"] == "STDIO"
    same = (
        "name",
        "displayName",
        "description",
        *(("command", "args", "env") if is_program else ("url", "headers", "allowsPrivateNetwork")),
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
        "access": access_as_rest(node["access"]),
        "toolsList": [tool_as_rest(tool) for tool in node["tools"]["nodes"]],
        "logs": [],
    }


def tool_as_rest(tool: Mapping[str, Any]) -> dict[str, object]:
    """A GraphQL tool in REST's shape: what the server did not give is left out."""
    return {k: v for k, v in tool.items() if v is not None and k != "serverName"}
