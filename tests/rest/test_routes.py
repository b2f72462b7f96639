"""Every documented route, used as its clients use it: the shapes, exactly."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import pytest

from tests.product import JSON, Product, eventually
from tests.rest.asking import ARGS, call_with, hashes, listed_tools, one, received
from tests.rest.stored import stored

EVERYTHING = "@modelcontextprotocol/server-everything"
SERVER_FIELDS = {
    "name", "displayName", "description", "transportType", "command", "args", "env",
    "secretNames", "secrets", "masksResults", "status", "enabled", "startupTimeout", "toolsList", "logs",
    "access", "isolation", "callTimeout", "idleTimeout", "maxConcurrentCalls", "maxSessions",
}  # fmt: skip
REMOTE_FIELDS = SERVER_FIELDS - {"command", "args", "env"} | {
    "url", "headers", "allowsPrivateNetwork",
}  # fmt: skip


@pytest.fixture(scope="module")
def package(product: Product) -> Iterator[dict[str, Any]]:
    """A scoped package, installed through REST; what the install answered."""
    request = {"name": EVERYTHING, "serverName": "everything", "secretName": "apiKey"}
    response = product.rest("POST", "/packages/install", request)
    assert response.status_code == 200, response.text
    yield response.json()
    product.rest("DELETE", "/packages/everything")


def test_an_install_answers_with_package_and_server(
    product: Product, package: dict[str, Any]
) -> None:
    assert set(package) == {"success", "package", "server"}
    got, server = dict(package["package"]), package["server"]
    installed = datetime.fromisoformat(got.pop("installed"))
    assert (datetime.now(UTC) - installed).total_seconds() < 120
    assert got.pop("installPath").startswith(str(product.data_dir / "packages" / "everything"))
    version = got.pop("version")
    assert version[0].isdigit()
    assert got == {
        "name": EVERYTHING, "latestVersion": None, "updateAvailable": False, "status": "installed",
        "lastUpgraded": None, "mcpServerId": "everything", "enabled": True, "runtime": "node",
        "requestedVersion": "latest", "previousVersion": None, "heldVersion": None,
        "upgradePolicy": "automatic",
    }  # fmt: skip
    assert set(server) == SERVER_FIELDS
    assert server["secretNames"] == ["apiKey"]
    assert (server["name"], server["status"]) == ("everything", "connected")
    assert server["command"] == "node"
    assert "{packageDir}" not in server["args"][0]


@pytest.mark.parametrize(
    "path", [f"by-name/{quote(EVERYTHING, safe='')}", f"by-name/{EVERYTHING}", "by-id/everything"]
)
def test_a_package_is_found_by_either_name(
    product: Product, package: dict[str, Any], path: str
) -> None:
    (listed,) = product.rest("GET", "/packages").json()["packages"]
    assert product.rest("GET", f"/packages/{path}").json() == {"success": True, "package": listed}
    assert listed["version"] == package["package"]["version"]


def test_a_package_is_disabled_and_enabled(product: Product, package: dict[str, Any]) -> None:
    for verb, is_enabled in (("disable", False), ("disable", False), ("enable", True)):
        answer = product.rest("PUT", f"/packages/everything/{verb}").json()
        assert answer["server"]["enabled"] is is_enabled
        (listed,) = product.rest("GET", "/packages").json()["packages"]
        assert listed["enabled"] is is_enabled
    assert product.call_rest("everything", "echo", {"message": "x"}) == "Echo: x"


def test_the_server_of_a_package_is_removed_with_its_package_only(
    product: Product, package: dict[str, Any]
) -> None:
    before = stored(product)
    response = product.rest("DELETE", "/mcp/servers/everything")
    assert (response.status_code, response.json()["code"]) == (409, "CONFLICT")
    again = {"name": "mcp-hello-world", "serverName": "everything"}
    response = product.rest("POST", "/packages/install", again)
    assert (response.status_code, response.json()["code"]) == (409, "CONFLICT")
    assert stored(product) == before


def test_an_uninstall_removes_files_server_and_secrets(
    product: Product, package: dict[str, Any]
) -> None:
    product.set_secret("everything", "apiKey", "gone with it")
    assert product.rest("DELETE", "/packages/everything").json() == {"success": True}
    assert not (product.data_dir / "packages" / "everything").exists()
    for method, path, code in (
        ("DELETE", "/packages/everything", "PACKAGE_NOT_FOUND"),
        ("GET", "/packages/by-id/everything", "PACKAGE_NOT_FOUND"),
        ("GET", f"/packages/by-name/{EVERYTHING}", "PACKAGE_NOT_FOUND"),
        ("GET", "/mcp/servers/everything", "SERVER_NOT_FOUND"),
    ):
        response = product.rest(method, path)
        assert (response.status_code, response.json()["code"]) == (404, code)
    secrets = "{ secrets { nodes { serverName } } }"
    assert {"serverName": "everything"} not in product.graphql(secrets)["nodes"]


def test_a_failed_install_leaves_nothing(product: Product) -> None:
    before = stored(product)
    for name, version, status, code in (
        ("mcp-api-there-is-no-such-package", "latest", 404, "PACKAGE_NOT_FOUND"),
        ("mcp-hello-world", "999.0.0", 404, "VERSION_NOT_FOUND"),
    ):
        request = {"name": name, "version": version, "serverName": "failed"}
        response = product.rest("POST", "/packages/install", request)
        assert (response.status_code, response.json()["code"]) == (status, code)
    assert stored(product) == before
    assert not (product.data_dir / "packages" / "failed").exists()


def test_a_server_lives_from_add_to_delete(product: Product) -> None:
    given = {
        "name": "life", "command": sys.executable, "args": ARGS, "env": {"GREETING": "grüezi"},
        "transportType": "stdio", "startupTimeout": 20_000, "secretNames": ["a"],
        "secretName": "b", "displayName": "Life 🎈", "description": "from add to delete",
    }  # fmt: skip
    server = product.rest("POST", "/mcp/servers", given).json()["server"]
    del given["secretName"]
    assert server | given | {"secretNames": ["a", "b"]} == server
    assert set(server) == SERVER_FIELDS
    again = product.rest("POST", "/mcp/servers", given)
    assert (again.status_code, again.json()["code"]) == (409, "CONFLICT")
    eventually(lambda: one(product, "life")["status"] == "connected")
    assert json.loads(product.call_rest("life", "environment"))["GREETING"] == "grüezi"
    changed = product.rest("PUT", "/mcp/servers/life", {"env": {"GREETING": "moin"}}).json()
    assert changed["server"]["env"] == {"GREETING": "moin"}
    assert json.loads(product.call_rest("life", "environment"))["GREETING"] == "moin"
    assert product.rest("PUT", "/mcp/servers/life/disable").json()["server"]["enabled"] is False
    call = {"serverName": "life", "methodName": "pid"}
    refused = product.rest("POST", "/mcp/tool/call", call)
    assert (refused.status_code, refused.json()["code"]) == (409, "SERVER_DISABLED")
    assert "life" not in [name for tools in listed_tools(product) for name in tools]
    assert product.rest("PUT", "/mcp/servers/life/enable").json()["server"]["enabled"] is True
    assert product.call_rest("life", "pid").isdecimal()
    assert product.rest("DELETE", "/mcp/servers/life").json() == {"success": True}
    assert product.rest("DELETE", "/mcp/servers/life").status_code == 404


def test_declared_secrets_are_shown_in_full_and_by_name(product: Product) -> None:
    declared = [
        {"name": "key", "delivery": "environment", "target": "API_KEY", "template": "k {value}",
         "required": True, "description": "words"},
        {"name": "API_FILE", "delivery": "file"},
        {"name": "token"},
    ]  # fmt: skip
    given = {"name": "declares", "command": sys.executable, "args": ARGS, "enabled": False}
    added = product.rest("POST", "/mcp/servers", {**given, "secrets": declared}).json()["server"]
    plain = {"delivery": "argument", "template": "{value}", "required": False, "description": None}
    assert added["secretNames"] == ["key", "API_FILE", "token"]
    assert added["secrets"] == [
        declared[0],
        {**plain, "name": "API_FILE", "delivery": "file", "target": "API_FILE"},
        {**plain, "name": "token", "target": "token"},
    ]
    # By name alone: what is declared keeps its delivery.
    changed = product.rest("PUT", "/mcp/servers/declares", {"secretNames": ["new", "key"]})
    assert changed.json()["server"]["secrets"] == [
        {**plain, "name": "new", "target": "new"},
        declared[0],
    ]
    assert product.rest("DELETE", "/mcp/servers/declares").json() == {"success": True}


def test_a_server_elsewhere_is_shown_by_its_address(product: Product) -> None:
    given = {
        "name": "far", "transportType": "streamable_http", "url": "http://127.0.0.1:9/mcp",
        "headers": {"X-Team": "a"}, "enabled": False, "isolation": "per_user",
        "callTimeout": 90_000, "idleTimeout": 60_000, "maxConcurrentCalls": 2, "maxSessions": 3,
        "allowsPrivateNetwork": True,
    }  # fmt: skip
    server = product.rest("POST", "/mcp/servers", given).json()["server"]
    assert server | given == server
    assert set(server) == REMOTE_FIELDS
    assert one(product, "far") == server
    default = product.rest("PUT", "/mcp/servers/far", {"allowsPrivateNetwork": None}).json()
    assert default["server"] == {**server, "allowsPrivateNetwork": None}
    here = {"transportType": "stdio", "command": "true"}
    moved = product.rest("PUT", "/mcp/servers/far", here).json()["server"]
    assert moved | here | {"args": [], "env": {}} == moved
    assert set(moved) == SERVER_FIELDS
    assert product.rest("DELETE", "/mcp/servers/far").json() == {"success": True}


def test_a_server_elsewhere_is_called_like_one_that_is_here(
    product: Product, tmp_path: Path
) -> None:
    other = Product(tmp_path).start()
    other.add_fingerprint("inner")
    pid = other.call("inner", "pid")
    given = {"transportType": "streamable_http", "url": f"{other.address}/mcp"}
    assert product.rest("POST", "/mcp/servers", {"name": "far", **given}).json()["success"]
    assert product.call_rest("far", "inner__pid") == pid
    assert one(product, "far")["status"] == "connected"
    product.set_secret("far", "key", "of alice", "alice")
    assert orjson.loads(product.call_rest("far", "inner__fingerprint", {}, "alice")) == hashes(
        key="of alice"
    )
    product.rest("DELETE", "/mcp/servers/far")
    other.stop()


def test_a_call_may_say_how_long_it_may_take(product: Product) -> None:
    call = {"serverName": "fp", "methodName": "slow", "args": {"seconds": 20}, "timeout": 200}
    response = product.rest("POST", "/mcp/tool/call", call)
    assert (response.status_code, response.json()["code"]) == (504, "TOOL_TIMEOUT")
    call = {**call, "args": {"seconds": 0.3}, "timeout": 20_000}
    assert product.rest("POST", "/mcp/tool/call", call).json()["success"]


def test_the_tools_of_enabled_servers_are_listed(product: Product) -> None:
    (tools,) = [entry["fp"] for entry in listed_tools(product) if "fp" in entry]
    assert [tool["name"] for tool in tools] == [
        "fingerprint", "pid", "environment", "leak", "slow", "crash",
    ]  # fmt: skip
    assert tools[0] == {
        "name": "fingerprint",
        "description": "The sha256 of each string argument.",
        "inputSchema": {"type": "object", "properties": {}},
    }
    assert [tool["name"] for tool in one(product, "fp")["toolsList"]] == [t["name"] for t in tools]


def test_a_secret_wins_over_an_argument_of_its_name_until_it_is_deleted(product: Product) -> None:
    place = {"serverName": "fp", "secretName": "key", "username": "alice"}
    sent = {"key": "given", "other": "kept"}
    assert product.rest("POST", "/secrets/set", {**place, "secretValue": "first"}).json() == {
        "success": True
    }
    product.rest("POST", "/secrets/set", {**place, "secretValue": "Zürich 🎈"})
    assert received(product, sent, "alice") == hashes(key="Zürich 🎈", other="kept")
    assert received(product, sent, "bob") == hashes(**sent)
    for _ in range(2):
        assert product.rest("POST", "/secrets/delete", place).json() == {"success": True}
        assert received(product, sent, "alice") == hashes(**sent)


def test_a_user_left_out_is_the_user_named_default(product: Product) -> None:
    body = {"serverName": "fp", "secretName": "key", "secretValue": "of default"}
    product.rest("POST", "/secrets/set", body)
    assert received(product, {}, "default") == hashes(key="of default")
    del body["secretValue"]
    product.rest("POST", "/secrets/delete", {**body, "username": "default"})
    assert received(product, {}, None) == {}


@pytest.mark.parametrize(
    "value",
    ["", "ä🎈\u2028\n\t\\\"'", "x" * 30_000, "\u0000", "null", "{packageDir}", "$(id)"],
    ids=["empty", "Unicode", "long", "NUL", "null", "placeholder", "shell"],
)
def test_an_argument_arrives_as_it_was_sent(product: Product, value: str) -> None:
    assert received(product, {"value": value}, None) == hashes(value=value)


def test_deep_and_large_arguments_are_passed_on_or_refused(product: Product) -> None:
    for depth, statuses in ((200, (200,)), (900, (200, 400)), (5000, (400,))):
        content = call_with(b"[" * depth + b"]" * depth)
        response = product.http.post("/mcp/tool/call", content=content, headers=JSON)
        assert response.status_code in statuses, depth
    for number in (b"9" * 19, b"-" + b"9" * 30, b"1e400", b"0.1"):
        response = product.http.post("/mcp/tool/call", content=call_with(number), headers=JSON)
        assert response.status_code in (200, 400), number
        assert response.json()["success"] is (response.status_code == 200)


def test_the_health_check_says_ok(product: Product) -> None:
    response = product.rest("GET", "/healthz")
    assert (response.status_code, response.json()) == (200, {"success": True, "status": "ok"})
