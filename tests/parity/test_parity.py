"""The same requests through both doors: each row says what must come back from either."""

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

import pytest

from app.rest.routes import OPERATIONS
from tests.graphql_documents import (
    CALL_TOOL,
    PACKAGE_UPDATES,
    PACKAGES,
    SERVER_BY_NAME,
    SERVERS,
    TOOLS,
    UNINSTALL_PACKAGE,
    UPGRADE_ALL,
)
from tests.parity.rows import (
    ROWS,
    Row,
)
from tests.product import Product

# What other tests of this file compare.
SHOWN_ALIKE = {
    "listPackages", "getPackageByName", "getPackageByServer", "checkUpdates", "upgradeAllPackages",
    "listServers", "getServer", "listTools",
}  # fmt: skip
# What GraphQL has in another way: a package's server is enabled like any, a tool's own route is a
# field of the typed schema.
ONLY_REST = {
    "checkHealth", "describeTools", "describeServerTools", "callOneTool", "enablePackage",
    "disablePackage",
}  # fmt: skip


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
        assert answer["error"] == in_milliseconds(result["message"]) + hint
    if row.document is CALL_TOOL and row.code is None:
        assert answer["data"] == result["raw"]


def test_every_operation_that_both_doors_have_is_compared() -> None:
    compared = {operation_of(*row.rest) for row in ROWS}
    assert compared | SHOWN_ALIKE | ONLY_REST == {operation.id for operation in OPERATIONS}


def operation_of(method: str, path: str) -> str:
    """The REST operation that a request is for."""
    return next(
        operation.id
        for operation in OPERATIONS
        if operation.method == method
        and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", operation.path), path)
    )


def test_both_doors_show_the_same_servers(product: Product) -> None:
    shown = product.rest("GET", "/mcp/servers").json()["servers"]
    nodes = product.graphql(SERVERS)["nodes"]
    assert [as_rest(node) for node in nodes] == [comparable(server) for server in shown]
    one = product.rest("GET", "/mcp/servers/a").json()["server"]
    assert as_rest(product.graphql(SERVER_BY_NAME, serverName="a")) == comparable(one)


def test_both_doors_list_the_same_tools(product: Product) -> None:
    listed = product.rest("GET", "/mcp/tools").json()["tools"]
    by_rest = {name: tools for entry in listed for name, tools in entry.items()}
    by_graphql: dict[str, list[dict[str, object]]] = {name: [] for name in by_rest}
    for node in product.graphql(TOOLS)["nodes"]:
        by_graphql[node["serverName"]].append(tool_as_rest(node))
    assert "off" not in by_rest  # a disabled server shows no tools
    assert by_graphql == {
        name: sorted(tools, key=lambda tool: str(tool["name"])) for name, tools in by_rest.items()
    }


def test_both_doors_tell_the_same_updates_and_upgrade_the_same(product: Product) -> None:
    names = ("serverName", "currentVersion", "latestVersion", "updateAvailable")
    (by_rest,) = product.rest("GET", "/packages/updates").json()["updates"]
    (by_graphql,) = product.graphql(PACKAGE_UPDATES)
    assert {name: by_rest[name] for name in names} == {name: by_graphql[name] for name in names}
    (result,) = product.rest("PUT", "/packages/upgrade-all").json()["results"]
    (outcome,) = product.graphql(UPGRADE_ALL)
    assert (result["serverName"], result["success"]) == ("tool", True)
    assert (outcome["serverName"], outcome["error"]) == ("tool", None)


def test_both_doors_know_the_same_packages_by_name_and_by_server(product: Product) -> None:
    for path, key, value in (
        ("by-id", "serverName", "tool"),
        ("by-name", "packageName", "mcp-hello-world"),
        ("by-id", "serverName", "nowhere"),
        ("by-name", "packageName", "no-such-package"),
    ):
        answer = product.rest("GET", f"/packages/{path}/{value}").json()
        query = f'{{ package({key}: "{value}") {{ name serverName version }} }}'
        node = product.graphql(query)
        if node is None:
            assert answer["code"] == "PACKAGE_NOT_FOUND"
        else:
            shown = answer["package"]
            assert node == {
                "name": shown["name"], "serverName": shown["mcpServerId"],
                "version": shown["version"],
            }  # fmt: skip


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


def in_milliseconds(message: str) -> str:
    """What GraphQL says, as REST does: its durations are milliseconds."""
    return re.sub(r"at most (\d+) seconds\.$", r"at most \g<1>000 milliseconds.", message)


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
