"""The table: one request for both doors a row, and the code both must give."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.graphql_documents import (
    ADD_SERVER,
    CALL_TOOL,
    CANCEL_PACKAGE_OPERATION,
    DELETE_SECRET,
    DELETE_SERVER,
    DISABLE_SERVER,
    ENABLE_SERVER,
    INSTALL_PACKAGE,
    ROLL_BACK_PACKAGE,
    SET_SECRET,
    SET_UPGRADE_POLICY,
    UNINSTALL_PACKAGE,
    UPDATE_SERVER,
    UPGRADE_PACKAGE,
)
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
        elif name == "runtime":
            given[name] = value.upper()
        elif name in ENUMS:
            given[ENUMS[name]] = value.upper()
        else:
            given[name] = value
    return given


def call(title: str, code: str | None, **body: object) -> Row:
    given = {RENAMED.get(name, name): value for name, value in as_graphql(body).items()}
    return Row(title, ("POST", "/mcp/tool/call"), body, CALL_TOOL, given, code)


def add(title: str, code: str | None, **body: object) -> Row:
    given = as_graphql(body)
    given["serverName"] = given.pop("name")
    return Row(title, ("POST", "/mcp/servers"), body, ADD_SERVER, given, code)


def update(title: str, code: str | None, name: str, **body: object) -> Row:
    given = {"serverName": name, **as_graphql(body)}
    return Row(title, ("PUT", f"/mcp/servers/{name}"), body, UPDATE_SERVER, given, code)


def switch(title: str, code: str | None, name: str, verb: str, document: str) -> Row:
    return Row(
        title, ("PUT", f"/mcp/servers/{name}/{verb}"), None, document, {"serverName": name}, code
    )


def secret(title: str, code: str | None, verb: str, **body: object) -> Row:
    given = {RENAMED_SECRET.get(name, name): value for name, value in body.items()}
    document = SET_SECRET if verb == "set" else DELETE_SECRET
    return Row(title, ("POST", f"/secrets/{verb}"), body, document, given, code)


def install(title: str, code: str | None, **body: object) -> Row:
    given = as_graphql(body)
    given["packageName"] = given.pop("name")
    return Row(title, ("POST", "/packages/install"), body, INSTALL_PACKAGE, given, code)


def package(
    title: str, code: str | None, route: str, document: str, name: str = "z", **body: object
) -> Row:
    """An operation on the package of a server."""
    rest = ("PUT", f"/packages/{name}/{route}")
    given = {n: v.upper() if n == "upgradePolicy" else v for n, v in body.items()}  # type: ignore[attr-defined]
    return Row(title, rest, body or None, document, {"serverName": name, **given}, code)


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
    add("the name of a package's server", "CONFLICT", name="tool", **COMMAND),
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
    add("an address in a private network", "INVALID_INPUT", name="n",
        transportType="streamable_http", url="http://10.0.0.1/"),
    add("an address of a cloud's credentials", "INVALID_INPUT", name="n",
        transportType="streamable_http", url="http://169.254.169.254/"),
    add("this machine in disguise", "INVALID_INPUT", name="n", transportType="streamable_http",
        url="http://2130706433/"),
    add("a private network of a program", "INVALID_INPUT", name="n", command="x",
        allowsPrivateNetwork=True),
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
        {"serverName": "z"}, "SERVER_NOT_FOUND"),
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
    install("a server named like a route", "INVALID_INPUT", name="mcp-hello-world",
            serverName="by-name"),
    install("a taken server name", "CONFLICT", name="mcp-hello-world", serverName="a"),
    install("an unknown package", "PACKAGE_NOT_FOUND", name="mcp-api-there-is-no-such-package",
            serverName="p"),
    install("a Python package with npm's settings", "INVALID_INPUT", name="x", serverName="p",
            runtime="python", registry="https://example.com/"),
    install("an npm package with Python's", "INVALID_INPUT", name="x", serverName="p",
            pythonModule="x"),
    install("a package elsewhere without an address", "INVALID_INPUT", name="x", serverName="p",
            transportType="streamable_http"),
    install("a package elsewhere with a command", "INVALID_INPUT", name="x", serverName="p",
            command="x", transportType="streamable_http", url="http://127.0.0.1:9/mcp"),
    install("a package in a private network", "INVALID_INPUT", name="x", serverName="p",
            transportType="streamable_http", url="http://10.0.0.1/"),
    install("a package where nobody answers", "SERVER_DID_NOT_START", name="mcp-hello-world",
            serverName="p", transportType="streamable_http", url="http://127.0.0.1:9/mcp"),
    install("a requirement that is none", "INVALID_INPUT", name="x", serverName="p",
            runtime="python", requirements=["git+https://example.com/x"]),
    install("an index with a password", "INVALID_INPUT", name="x", serverName="p",
            runtime="python", indexUrl="https://u:p@example.com/simple"),
    package("an unknown package is upgraded", "PACKAGE_NOT_FOUND", "upgrade", UPGRADE_PACKAGE),
    package("a malformed name is upgraded", "INVALID_INPUT", "upgrade", UPGRADE_PACKAGE, "-x"),
    package("an approval with a version", "INVALID_INPUT", "upgrade", UPGRADE_PACKAGE, "tool",
            approve=True, version="1"),
    package("an approval of nothing", "CONFLICT", "upgrade", UPGRADE_PACKAGE, "tool", approve=True),
    package("an upgrade to a URL", "INVALID_INPUT", "upgrade", UPGRADE_PACKAGE, "tool",
            version="https://example.com/x.tgz"),
    package("an upgrade to what there is not", "VERSION_NOT_FOUND", "upgrade", UPGRADE_PACKAGE,
            "tool", version="99.0.0"),
    package("an upgrade to what is there", None, "upgrade", UPGRADE_PACKAGE, "tool",
            version="1.1.2"),
    package("an unknown package goes back", "PACKAGE_NOT_FOUND", "rollback", ROLL_BACK_PACKAGE),
    package("a package goes back to nothing", "CONFLICT", "rollback", ROLL_BACK_PACKAGE, "tool"),
    package("a policy for an unknown package", "PACKAGE_NOT_FOUND", "policy", SET_UPGRADE_POLICY,
            upgradePolicy="automatic"),
    package("a policy", None, "policy", SET_UPGRADE_POLICY, "tool", upgradePolicy="hold_breaking"),
    package("nothing to cancel", "CONFLICT", "cancel", CANCEL_PACKAGE_OPERATION, "tool"),
    package("an unknown package's work is cancelled", "PACKAGE_NOT_FOUND", "cancel",
            CANCEL_PACKAGE_OPERATION),
    install("a version that there is not", "VERSION_NOT_FOUND", name="mcp-hello-world",
            serverName="p", version="99.0.0"),
    switch("an unknown server is disabled", "SERVER_NOT_FOUND", "z", "disable", DISABLE_SERVER),
    switch("a malformed name is enabled", "INVALID_INPUT", "-x", "enable", ENABLE_SERVER),
    switch("a malformed name is disabled", "INVALID_INPUT", "-x", "disable", DISABLE_SERVER),
    secret("a secret of a malformed user is removed", "INVALID_INPUT", "delete", **KEY, username=""),
    package("a malformed name goes back", "INVALID_INPUT", "rollback", ROLL_BACK_PACKAGE, "-x"),
    package("a policy for a malformed name", "INVALID_INPUT", "policy", SET_UPGRADE_POLICY, "-x",
            upgradePolicy="automatic"),
    package("a malformed name's work is cancelled", "INVALID_INPUT", "cancel",
            CANCEL_PACKAGE_OPERATION, "-x"),
    Row("a malformed name is uninstalled", ("DELETE", "/packages/-x"), None, UNINSTALL_PACKAGE,
        {"serverName": "-x"}, "INVALID_INPUT"),
    Row("a malformed name is deleted", ("DELETE", "/mcp/servers/-x"), None, DELETE_SERVER,
        {"serverName": "-x"}, "INVALID_INPUT"),
    Row("the server of a package is deleted", ("DELETE", "/mcp/servers/tool"), None, DELETE_SERVER,
        {"serverName": "tool"}, "CONFLICT"),
    Row("an unknown package is uninstalled", ("DELETE", "/packages/z"), None, UNINSTALL_PACKAGE,
        {"serverName": "z"}, "PACKAGE_NOT_FOUND"),
]  # fmt: skip
