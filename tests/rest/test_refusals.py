"""Bad input: the documented JSON error says what is wrong, and nothing has changed."""

import pytest

from tests.product import JSON, Product
from tests.rest.stored import stored

CALL, SET, DELETE = "POST /mcp/tool/call", "POST /secrets/set", "POST /secrets/delete"
ADD, UPDATE, INSTALL = "POST /mcp/servers", "PUT /mcp/servers/fp", "POST /packages/install"
BODIES = (CALL, SET, DELETE, ADD, UPDATE, INSTALL)
OK_CALL = {"serverName": "fp", "methodName": "pid"}
OK_SET = {"serverName": "fp", "secretName": "key", "secretValue": "x"}
OK_ADD = {"name": "new", "command": "true"}
OK_HTTP = {"name": "new", "transportType": "streamable_http", "url": "http://127.0.0.1:9/mcp"}
ELSEWHERE = {"transportType": "streamable_http", "url": "http://127.0.0.1:9/mcp"}
OK_INSTALL = {"name": "mcp-hello-world", "serverName": "new"}
OK_PYTHON = {"name": "mcp-server-time", "serverName": "new", "runtime": "python"}
VERSION = "version must be exact, such as '1.2.3', a dist-tag, such as 'latest', or a range, such as '^1.2', '1.x' or '>=1 <2'."
NAME_RULE = "A server's name must be 1 to 100 letters, digits, '.', '_' or '-', and start with a letter, a digit or '_'."
NPM_RULE = (
    "The package's name must be one from the npm registry, such as 'mcp-hello-world' or "
    "'@modelcontextprotocol/server-everything'; paths, URLs, git references and options are not "
    "accepted."
)

FIELDS: list[tuple[str, dict[str, object], str]] = [
    (CALL, {}, "serverName is required."),
    (CALL, {"serverName": "fp"}, "methodName is required."),
    (CALL, {**OK_CALL, "serverName": None}, "serverName must be a string."),
    (CALL, {**OK_CALL, "serverName": 3}, "serverName must be a string."),
    (CALL, {**OK_CALL, "args": []}, "args must be an object."),
    (CALL, {**OK_CALL, "args": "x"}, "args must be an object."),
    (CALL, {**OK_CALL, "username": 1}, "username must be a string."),
    (CALL, {**OK_CALL, "arguments": {}}, "arguments is not a field of this request; check its spelling."),
    (CALL, {**OK_CALL, "timeout": "5"}, "timeout must be a number."),
    (CALL, {**OK_CALL, "timeout": 0}, "The timeout must be more than 0 and at most 3600000 milliseconds."),
    (CALL, {**OK_CALL, "timeout": 3_600_001}, "The timeout must be more than 0 and at most 3600000 milliseconds."),
    (CALL, {**OK_CALL, "username": ""}, "username must be 1 to 256 printable characters without blanks at the ends."),
    (CALL, {**OK_CALL, "username": "a\nb"}, "username must be 1 to 256 printable characters without blanks at the ends."),
    (CALL, {**OK_CALL, "methodName": "a\u0000b"}, "A tool's name must be 1 to 256 printable characters."),
    (CALL, {**OK_CALL, "methodName": "x" * 257}, "A tool's name must be 1 to 256 printable characters."),
    (SET, {}, "serverName is required."),
    (SET, {**OK_SET, "secretValue": 3}, "secretValue must be a string."),
    (SET, {**OK_SET, "secretValue": None}, "secretValue must be a string."),
    (SET, {**OK_SET, "secretName": "a b"}, "A secret's name must be 1 to 128 letters, digits, '_', '.' or '-', and start with a letter or '_'."),
    (SET, {**OK_SET, "secretValue": ""}, "The secret's value must be 1 byte to 64 KiB of text without NUL and other control characters; tabs and line ends are fine."),
    (SET, {**OK_SET, "secretValue": "a\u0000b"}, "The secret's value must be 1 byte to 64 KiB of text without NUL and other control characters; tabs and line ends are fine."),
    (DELETE, {"serverName": "fp"}, "secretName is required."),
    (DELETE, {"serverName": "../x", "secretName": "a"}, NAME_RULE),
    (ADD, {"command": "true"}, "name is required."),
    (ADD, {"name": "new"}, "command must name the program that starts the server."),
    (ADD, {**OK_ADD, "args": "x"}, "args must be an array."),
    (ADD, {**OK_ADD, "args": [1]}, "args.0 must be a string."),
    (ADD, {**OK_ADD, "env": {"A": 1}}, "env.A must be a string."),
    (ADD, {**OK_ADD, "enabled": "yes"}, "enabled must be a boolean."),
    (ADD, {**OK_ADD, "startupTimeout": "5"}, "startupTimeout must be a number."),
    (ADD, {**OK_ADD, "startupTimeout": 0}, "The startup timeout must be more than 0 and at most 600000 milliseconds."),
    (ADD, {**OK_ADD, "startupTimeout": 600_001}, "The startup timeout must be more than 0 and at most 600000 milliseconds."),
    (ADD, {**OK_ADD, "transportType": "http"}, "transportType must be 'stdio', 'streamable_http' or 'sse'."),
    (ADD, {**OK_ADD, "transportType": "sse"}, "command does not go with transport sse."),
    (ADD, {**OK_ADD, "url": "http://x"}, "url does not go with transport stdio."),
    (ADD, {**OK_HTTP, "url": None}, "url must be an http:// or https:// address."),
    (ADD, {**OK_HTTP, "url": "ftp://x/y"}, "url must be an http:// or https:// address."),
    (ADD, {**OK_HTTP, "url": "http://u:p@x/"}, "url must not hold a user name or password. Send credentials in a header."),
    (ADD, {**OK_HTTP, "headers": {"Host": "x"}}, "'Host' cannot be a header of a server: it is no token of RFC 9110, or the transport sets it itself."),
    (ADD, {**OK_HTTP, "headers": {"X-A": "a\nb"}}, "A header's value must be at most 8192 printable ASCII characters."),
    (ADD, {**OK_HTTP, "headers": {"X-A": 1}}, "headers.X-A must be a string."),
    (ADD, {**OK_ADD, "isolation": "PER_USER"}, "isolation must be 'shared' or 'per_user'."),
    (ADD, {**OK_ADD, "callTimeout": 0}, "The call timeout must be more than 0 and at most 3600000 milliseconds."),
    (ADD, {**OK_ADD, "idleTimeout": -1}, "The idle time must be more than 0 and at most 2592000000 milliseconds."),
    (ADD, {**OK_ADD, "maxConcurrentCalls": 0}, "maxConcurrentCalls must be 1 to 10000."),
    (ADD, {**OK_ADD, "maxConcurrentCalls": 1.5}, "maxConcurrentCalls must be an integer."),
    (ADD, {**OK_ADD, "maxSessions": 10_001}, "maxSessions must be 1 to 10000."),
    (ADD, {**OK_ADD, "secretNames": ["a", "a"]}, "The secret 'a' is declared twice."),
    (ADD, {**OK_ADD, "secrets": [], "secretNames": []}, "Give either secrets or secretNames."),
    (UPDATE, {"secrets": [], "secretName": "a"}, "Give either secrets or secretNames."),
    (ADD, {**OK_ADD, "secrets": [{"name": "a", "delivery": "pigeon"}]}, "secrets.0.delivery must be 'argument', 'environment', 'header', 'query' or 'file'."),
    (ADD, {**OK_ADD, "secrets": [{"delivery": "file"}]}, "secrets.0.name is required."),
    (ADD, {**OK_ADD, "secrets": [{"name": "a", "value": "x"}]}, "secrets.0.value is not a field of this request; check its spelling."),
    (ADD, {**OK_ADD, "command": "a\u0000b"}, "command must be at most 4096 characters of Unicode text without NUL."),
    (UPDATE, {"name": "other"}, "name is not a field of this request; check its spelling."),
    (UPDATE, {"command": 3}, "command must be a string."),
    (UPDATE, {"transportType": "streamable_http"}, "url must be an http:// or https:// address."),
    (UPDATE, {"headers": {"X-A": "b"}}, "headers does not go with transport stdio."),
    (UPDATE, {"callTimeout": 3_600_001}, "The call timeout must be more than 0 and at most 3600000 milliseconds."),
    (UPDATE, {"command": ""}, "command must name the program that starts the server."),
    (INSTALL, {}, "name is required."),
    (INSTALL, {"name": "x"}, "serverName is required."),
    (INSTALL, {**OK_INSTALL, "runtime": "cobol"}, "runtime must be 'node' or 'python'."),
    (INSTALL, {**OK_INSTALL, "upgradePolicy": "never"}, "upgradePolicy must be 'automatic' or 'hold_breaking'."),
    (INSTALL, {**OK_INSTALL, "pythonModule": "x"}, "pythonModule does not go with runtime node."),
    (INSTALL, {**OK_PYTHON, "pipDependencies": ["mcp<2", "-r x"]}, "requirements[1] must be a package's name with or without a specifier, such as 'mcp<2'; URLs, paths and options are not accepted."),
    (INSTALL, {**OK_PYTHON, "pythonModule": "os; x"}, "pythonModule must be the name of a Python module, such as 'mcp_server_time'."),
    (INSTALL, {**OK_PYTHON, "indexUrl": "https://u:p@x/"}, "indexUrl must not hold a user name or password. The operator puts credentials into this machine's .npmrc, for Python into .netrc or PIP_INDEX_URL."),
    (INSTALL, {**OK_PYTHON, "registry": "https://x"}, "registry does not go with runtime python."),
    (INSTALL, {**OK_INSTALL, "url": "http://x"}, "url does not go with transport stdio."),
    (INSTALL, {**OK_INSTALL, "headers": {"X-A": "b"}}, "headers does not go with transport stdio."),
    (INSTALL, {**OK_INSTALL, **ELSEWHERE, "url": None}, "url must be an http:// or https:// address."),
    (INSTALL, {**OK_INSTALL, **ELSEWHERE, "command": "x"}, "command does not go with transport streamable_http."),
    (INSTALL, {**OK_INSTALL, **ELSEWHERE, "args": ["x"]}, "args does not go with transport streamable_http."),
    (INSTALL, {**OK_PYTHON, **ELSEWHERE, "pythonModule": "x"}, "pythonModule does not go with transport streamable_http."),
    (INSTALL, {**OK_INSTALL, **ELSEWHERE, "url": "http://169.254.169.254/"}, "url cannot be used: its address is a link-local address, where clouds keep credentials; set allowsPrivateNetwork of the server to true if it shall be reached there."),
    (INSTALL, {**OK_INSTALL, "serverName": "updates"}, "The server of a package cannot be named 'updates': that is a route of REST. Choose another name."),
    (INSTALL, {**OK_INSTALL, "version": "--force"}, VERSION),
    (INSTALL, {**OK_INSTALL, "version": "1.0.0 || file:x"}, VERSION),
    ("PUT /packages/fp/upgrade", {"versoin": "1"}, "versoin is not a field of this request; check its spelling."),
    ("PUT /packages/fp/policy", {}, "upgradePolicy is required."),
]  # fmt: skip

ODD_NAMES = [
    "", ".", "..", "../x", "a/b", "/etc", "-rf", "--help", "a b", "a;b", "$(x)", "a\nb",
    "ä", "🎈", "a\u0000", "x" * 101, ".hidden",
]  # fmt: skip
ODD_PACKAGES = [
    "", ".", "..", "../x", "/tmp/x", "./x", "~/x", "file:../x", "http://x/y.tgz", "git+ssh://x/y",
    "github:a/b", "a/b", "npm:x", "x@1.0.0", "-g", "--global", "x;y", "x y", "$(x)", "@/x", "@x/",
    "@a/b/c", "X", "x" * 215, "ä", "@-/x", "@x/../y",
]  # fmt: skip


@pytest.mark.parametrize(("route", "body", "message"), FIELDS)
def test_a_wrong_field_is_named(
    product: Product, route: str, body: dict[str, object], message: str
) -> None:
    before = stored(product)
    method, path = route.split()
    response = product.rest(method, path, body)
    assert response.status_code == 400
    assert response.json() == {"success": False, "error": message, "code": "INVALID_INPUT"}
    assert stored(product) == before


@pytest.mark.parametrize("route", BODIES)
@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"{'a': 1}", b"null", b"3", b'"text"', b"[]", b"[{}]", b'{"a":', b"\xff\xfe", b"NaN",
     b'{"a": "\\ud800"}', b"[" * 900, b'{"a":' * 900],
)  # fmt: skip
def test_a_body_that_is_no_json_object_is_refused(
    product: Product, route: str, content: bytes
) -> None:
    method, path = route.split()
    response = product.http.request(method, path, content=content, headers=JSON)
    assert response.status_code == 400
    answer = response.json()
    assert (answer["success"], answer["code"]) == (False, "INVALID_INPUT")
    assert answer["error"].startswith(("The body is not valid", "The body must be a JSON"))


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_name_that_could_be_a_path_or_an_option_is_no_server_name(
    product: Product, name: str
) -> None:
    before = stored(product)
    for route, body in (
        (ADD, {**OK_ADD, "name": name}),
        (INSTALL, {**OK_INSTALL, "serverName": name}),
        (CALL, {**OK_CALL, "serverName": name}),
        (SET, {**OK_SET, "serverName": name}),
    ):
        method, path = route.split()
        answer = product.rest(method, path, body).json()
        assert answer == {"success": False, "error": NAME_RULE, "code": "INVALID_INPUT"}
    assert stored(product) == before


@pytest.mark.parametrize("name", ODD_PACKAGES)
def test_only_names_from_the_registry_can_be_installed(product: Product, name: str) -> None:
    before = stored(product)
    answer = product.rest("POST", "/packages/install", {**OK_INSTALL, "name": name}).json()
    assert answer == {"success": False, "error": NPM_RULE, "code": "INVALID_INPUT"}
    assert stored(product) == before


@pytest.mark.parametrize(
    ("field", "wrong"), [("name", "X"), ("command", 3), ("env", {"LD_PRELOAD": "/x"})]
)
def test_a_refused_body_changes_nothing_of_what_was_right_in_it(
    product: Product, field: str, wrong: object
) -> None:
    before = stored(product)
    body = {"description": "this part is right", field: wrong}
    assert product.rest("PUT", "/mcp/servers/fp", body).status_code == 400
    assert stored(product) == before


def test_null_counts_as_left_out_except_for_words_that_can_be_taken_back(product: Product) -> None:
    words = {"displayName": "Fingerprint", "description": "tells hashes"}
    server = product.rest("PUT", "/mcp/servers/fp", words).json()["server"]
    assert (server["displayName"], server["description"]) == ("Fingerprint", "tells hashes")
    nothing = {"displayName": None, "description": None, "args": None, "command": None}
    after = product.rest("PUT", "/mcp/servers/fp", nothing).json()["server"]
    assert (after["displayName"], after["description"]) == ("fp", None)
    assert (after["args"], after["command"]) == (server["args"], server["command"])


def test_null_takes_a_bound_back(product: Product) -> None:
    bounds = {"idleTimeout": 90_000, "maxConcurrentCalls": 3, "maxSessions": 2}
    server = product.rest("PUT", "/mcp/servers/fp", {**bounds, "callTimeout": 5000}).json()[
        "server"
    ]
    assert server | bounds | {"callTimeout": 5000} == server
    nothing = {**dict.fromkeys(bounds), "callTimeout": None, "isolation": None}
    after = product.rest("PUT", "/mcp/servers/fp", nothing).json()["server"]
    assert after | dict.fromkeys(bounds) | {"callTimeout": 5000, "isolation": "shared"} == after
    assert product.rest("PUT", "/mcp/servers/fp", {"callTimeout": 60_000}).status_code == 200
