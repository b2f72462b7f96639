"""The table: what is sent, byte by byte, and what must come back."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.edge.strict_json import MAX_DEPTH

JSON = {"Content-Type": "application/json"}
CALL, SERVERS, SET = "/mcp/tool/call", "/mcp/servers", "/secrets/set"
USER_RULE = "username must be 1 to 256 printable characters without blanks at the ends."
TOO_DEEP = f"The body is nested more than {MAX_DEPTH} levels deep."
NO_OBJECT = "The body must be a JSON object."


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One request; `answer` holds the fields that must be in the answer, with their values."""

    title: str
    method: str = "GET"
    path: str
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)
    status: int = 200
    answer: Mapping[str, Any] = field(default_factory=dict)


def refused(
    title: str, path: str, content: bytes, error: str, *, method: str = "POST", **more: Any
) -> Row:
    """A row whose body makes no sense."""
    answer = {"success": False, "code": "INVALID_INPUT", "error": error}
    more = {"status": 400, "answer": answer, **more}
    return Row(title=title, method=method, path=path, content=content, **more)


def twice(name: str) -> str:
    return f"The field {name!r} is given twice; give it once."


def call(arguments: bytes) -> bytes:
    return b'{"serverName": "fp", "methodName": "fingerprint", "args": ' + arguments + b"}"


def unknown(title: str, path: str, code: str, method: str = "GET") -> Row:
    return Row(title=title, method=method, path=path, status=404, answer={"code": code})


def malformed(title: str, path: str) -> Row:
    return Row(title=title, path=path, status=400, answer={"code": "INVALID_INPUT"})


NAMES = [
    unknown("a scoped name, encoded", "/packages/by-name/%40scope%2Fname", "PACKAGE_NOT_FOUND"),
    unknown("a scoped name, half encoded", "/packages/by-name/@scope%2fname", "PACKAGE_NOT_FOUND"),
    unknown("a scoped name with its slash", "/packages/by-name/@scope/name", "PACKAGE_NOT_FOUND"),
    malformed("a name encoded twice", "/packages/by-name/%2540scope%252Fname"),
    malformed("a name with a slash too many", "/packages/by-name/@scope/name/"),
    malformed("a name that climbs", "/packages/by-name/..%2F..%2Fetc"),
    malformed("a name in Unicode", "/packages/by-name/%C3%A4%F0%9F%8E%88"),
    malformed("a name that is no UTF-8", "/packages/by-name/%FF%FE"),
    malformed("no name at all", "/packages/by-name/"),
    unknown("a server's name with a slash", "/mcp/servers/a%2Fb", "ROUTE_NOT_FOUND"),
    malformed("a server in Unicode", "/mcp/servers/%C3%A4"),
    malformed("an encoded NUL", "/mcp/servers/%00"),
    malformed("a percent sign alone", "/mcp/servers/%"),
    unknown("a server's name in capitals", "/mcp/servers/FP", "SERVER_NOT_FOUND"),
    malformed("a blank behind a name", "/mcp/servers/fp%20"),
    unknown("an unknown package is enabled", "/packages/x/enable", "PACKAGE_NOT_FOUND", "PUT"),
    unknown("an unknown server is deleted", "/mcp/servers/x", "SERVER_NOT_FOUND", "DELETE"),
    Row(title="a name with an encoded letter", path="/mcp/servers/f%70",
        answer={"success": True}),
]  # fmt: skip
BODIES = [
    refused("a field twice", CALL, b'{"serverName": "fp", "serverName": "other"}',
            twice("serverName")),
    refused("a field twice, once spelt with an escape", CALL,
            rb'{"serverName": "fp", "\u0073erverName": "other"}', twice("serverName")),
    refused("a field twice, deep in the arguments", CALL, call(b'{"a": [{"b": 1, "b": 2}]}'),
            twice("b")),
    refused("a secret given twice", SET, b'{"secretValue": "one", "secretValue": "two"}',
            twice("secretValue")),
    Row(title="texts that look like fields", method="POST", path=CALL,
        content=call(rb'{"a": "\"b\": 1, \"b\": 2", "c": ":", "d": "\\"}')),
    Row(title="one name at two depths", method="POST", path=CALL,
        content=call(b'{"a": {"a": {"a": 1}}, "b": [{"a": 1}, {"a": 2}]}')),
    refused("too deep", CALL, call(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH), TOO_DEEP),
    refused("much too deep", CALL, call(b'{"a":' * 900 + b"1" + b"}" * 900), TOO_DEEP),
    refused("deeper than a parser goes", CALL, call(b"[" * 20_000 + b"]" * 20_000), TOO_DEEP),
    refused("deep and without an end", SET, b"[" * 20_000, TOO_DEEP),
    Row(title="as deep as may be", method="POST", path=CALL,
        content=call(b'{"a":' * (MAX_DEPTH - 2) + b"[]" + b"}" * (MAX_DEPTH - 2)), answer={"success": True}),
    refused("an array", CALL, b"[]", NO_OBJECT),
    refused("a text", SERVERS, b'"x"', NO_OBJECT),
    refused("nothing", SERVERS, b"", "The body is not valid JSON (at character 0). Send a JSON "
            "object with the header Content-Type: application/json."),
    refused("a name that is null", CALL, b'{"serverName": null, "methodName": "pid"}',
            "serverName must be a string."),
    refused("a name that is missing", CALL, b'{"methodName": "pid"}', "serverName is required."),
    refused("a number as a name", CALL, b'{"serverName": 1, "methodName": "pid"}',
            "serverName must be a string."),
    refused("a timeout in quotes", CALL,
            b'{"serverName": "fp", "methodName": "pid", "timeout": "5"}', "timeout must be a number."),
    refused("a boolean in quotes", SERVERS, b'{"name": "n", "command": "x", "enabled": "true"}',
            "enabled must be a boolean."),
    refused("a boolean as a number", SERVERS, b'{"name": "n", "command": "x", "enabled": 1}',
            "enabled must be a boolean."),
    refused("an empty user", CALL, b'{"serverName": "fp", "methodName": "pid", "username": ""}',
            USER_RULE),
    Row(title="a user that is null", method="POST", path=CALL,
        content=b'{"serverName": "fp", "methodName": "pid", "username": null}'),
    Row(title="a user in Unicode", method="POST", path=CALL,
        content='{"serverName": "fp", "methodName": "pid", "username": "Zoë 🎈"}'.encode()),
    Row(title="arguments that are null", method="POST", path=CALL,
        content=b'{"serverName": "fp", "methodName": "pid", "args": null}'),
    refused("a user of escapes only", CALL,
            rb'{"serverName": "fp", "methodName": "pid", "username": "\u0000"}', USER_RULE),
    Row(title="a byte order mark", method="POST", path=CALL, status=400,
        content=b"\xef\xbb\xbf" + call(b"{}"), answer={"code": "INVALID_INPUT"}),
    Row(title="JSON with a comment", method="POST", path=CALL, status=400,
        content=b"{/* x */}", answer={"code": "INVALID_INPUT"}),
    Row(title="two texts", method="POST", path=CALL, status=400,
        content=call(b"{}") * 2, answer={"code": "INVALID_INPUT"}),
]  # fmt: skip
PROTOCOL = [
    Row(title="a body on GET", path="/mcp/servers/fp", content=b'{"x": 1}', answer={"success": True}),
    Row(title="a body of another type on GET", path="/healthz", content=b"x" * 5000,
        headers={"Content-Type": "text/plain"}, answer={"status": "ok"}),
    Row(title="a body on PUT that needs none", method="PUT", path="/mcp/servers/fp/enable",
        content=b"{}", answer={"success": True}),
    Row(title="text instead of JSON", method="POST", path=CALL, content=call(b"{}"),
        headers={"Content-Type": "text/plain"}, status=415, answer={"code": "UNSUPPORTED_MEDIA_TYPE"}),
    Row(title="JSON of no declared type", method="POST", path=CALL, content=call(b"{}"),
        headers={}, status=415, answer={"code": "UNSUPPORTED_MEDIA_TYPE"}),
    Row(title="a form", method="PUT", path="/mcp/servers/fp", content=b"description=x", status=415,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        answer={"code": "UNSUPPORTED_MEDIA_TYPE"}),
    Row(title="PATCH", method="PATCH", path="/mcp/servers/fp", content=b"{}", status=405,
        answer={"code": "METHOD_NOT_ALLOWED"}),
    Row(title="GET of what is called by POST", path=CALL, status=405,
        answer={"code": "METHOD_NOT_ALLOWED"}),
    Row(title="a parameter nobody knows", path="/mcp/servers?x=1", status=400,
        answer={"error": "'x' is not a parameter of this route. It knows none.", "code": "INVALID_INPUT"}),
    Row(title="a misspelt parameter", path="/packages?checkUpdate=true", status=400,
        answer={"error": "'checkUpdate' is not a parameter of this route. It knows checkUpdates."}),
    Row(title="a parameter without a name", path="/healthz?=x", status=400,
        answer={"error": "'' is not a parameter of this route. It knows none."}),
    Row(title="a parameter of a route without any", method="POST", path=f"{SET}?username=x",
        content=b"{}", status=400, answer={"code": "INVALID_INPUT"}),
    Row(title="a question mark alone", path="/healthz?", answer={"status": "ok"}),
    Row(title="a compressed body", method="POST", path=CALL, content=gzip.compress(call(b"{}")),
        headers={**JSON, "Content-Encoding": "gzip"}, status=415,
        answer={"error": "The body must not be compressed or encoded; it is 'gzip'. Send it as it is, "
                "without the header Content-Encoding.", "code": "UNSUPPORTED_MEDIA_TYPE"}),
    Row(title="a body that is said to be as it is", method="POST", path=CALL, content=call(b"{}"),
        headers={**JSON, "Content-Encoding": "identity"}, answer={"success": True}),
    Row(title="a compressed body on GET", path="/healthz", content=gzip.compress(b"{}"),
        headers={"Content-Encoding": "gzip"}, answer={"status": "ok"}),
    Row(title="a parameter twice", path="/packages?checkUpdates=false&checkUpdates=true", status=400,
        answer={"error": "A parameter of the query is given twice; give it once."}),
    Row(title="a parameter that is neither true nor false", path="/packages?checkUpdates=maybe",
        status=400, answer={"code": "INVALID_INPUT"}),
]  # fmt: skip
ROWS = [*NAMES, *BODIES, *PROTOCOL]
