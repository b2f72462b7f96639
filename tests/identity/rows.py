"""Every operation of GraphQL and REST, and what each caller gets of it.

A caller who is refused aims at things that are there: at the server `s`, at ada's secret `k`, at
a token. One who is allowed aims at what can be done again and again: `absent` names no server.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from app.resolvers.inputs import encode_opaque
from tests.identity.callers import (
    ADMINS,
    ALL,
    HERS,
    MANAGERS,
    Expected,
    only,
    reached,
    reached_for_ada,
    seen,
)


@dataclass(frozen=True, slots=True)
class Row:
    """One operation. In `text` and `body`, `{target}` is what a caller aims at."""

    operation: str
    expected: Expected
    text: str
    body: object = None
    variant: str = ""
    allowed_target: str = "s"
    refused_target: str = "s"

    @property
    def id(self) -> str:
        return f"{self.operation} {self.variant}".strip()


def query(name: str, expected: Expected, rest: str, *, variant: str = "", target: str = "s") -> Row:
    return Row(f"Query.{name}", expected, f"query {{ {name}{rest} }}", None, variant, target)


def mutation(
    name: str,
    expected: Expected,
    given: str,
    *,
    variant: str = "",
    target: str = "absent",
    there: str = "s",
) -> Row:
    shown = "{{ __typename ... on Error {{ code }} }}"
    text = f"mutation {{{{ {name}(input: {{{{ {given} }}}}) {shown} }}}}"
    text = text.format(target="{target}")
    return Row(f"Mutation.{name}", expected, text, None, variant, target, there)


def subscription(name: str, expected: Expected, rest: str, variant: str = "") -> Row:
    text = f"subscription {{ {name}{rest} }}"
    return Row(f"Subscription.{name}", expected, text, None, variant)


def route(
    place: str, expected: Expected, body: object = None, *, target: str = "s", variant: str = ""
) -> Row:
    return Row(place, expected, place.partition(" ")[2], body, variant, target)


def node(expected: Expected, *key: str) -> Row:
    rest = f'(id: "{encode_opaque(chr(0).join(key))}") {{ id }}'
    return query("node", expected, rest, variant=f"of a {key[0]}")


NODES = "{ nodes { id } }"
QUERIES = (
    query("viewer", only(ALL), "{ username }"),
    node(only((), "NULL", "NULL"), "Name", "s"),
    node(seen(unseen="NULL"), "Server", "s"),
    node(seen(unseen="NULL"), "Tool", "s", "pid"),
    node(only(HERS, "NULL"), "Secret", "ada", "s", "none"),
    node(only((), "", "NULL"), "Package", "s"),
    node(only((), "", "NULL"), "Session", "s"),
    node(only(HERS, "NULL"), "Prompt", "s", "ada", "p"),
    node(only(ADMINS, "NULL"), "Token", "none"),
    node(only((), "NULL", "NULL"), "AuditRecord", "none"),
    query("packages", only(MANAGERS), NODES),
    query("package", only(MANAGERS, "NULL"), '(serverName: "s") { id }'),
    query("packageUpdates", only(MANAGERS), "{ serverName }"),
    query("uninstallPreview", only(MANAGERS, "NULL"), '(serverName: "s") { tools }'),
    query("servers", only(ALL), NODES),
    query("server", seen(unseen="NULL"), '(serverName: "s") { id }'),
    query("tools", only(ALL), NODES),
    query("tools", seen(), '(serverName: "s") { nodes { id } }', variant="of one server"),
    query("resourceContents", reached("SERVER_FAILED"), '(serverName: "s", uri: "x:y") { raw }'),
    query(
        "resourceContents",
        reached_for_ada("SERVER_FAILED"),
        '(serverName: "s", uri: "x:y", username: "ada") { raw }',
        variant="for ada",
    ),
    query("prompt", reached("SERVER_FAILED"), '(serverName: "s", promptName: "p") { raw }'),
    query(
        "completion",
        reached("SERVER_FAILED"),
        '(input: {serverName: "s", ref: {prompt: "p"}, argument: "a", value: ""}) { values }',
    ),
    query("secrets", only(ALL), NODES),
    query("secrets", only(HERS), '(username: "ada") { nodes { id } }', variant="of ada"),
    query("secrets", only(ADMINS), "(shared: true) { nodes { id } }", variant="of all"),
    query("secretPreflight", seen(), '(serverName: "s") { username }'),
    query(
        "secretPreflight",
        only(HERS),
        '(serverName: "s", username: "ada") { username }',
        variant="for ada",
    ),
    query("keys", only(ADMINS), "{ id }"),
    query("sessions", only(ALL), NODES),
    query("tokens", only(ADMINS), NODES),
    query("auditRecords", only(ALL), NODES),
    query(
        "auditRecords",
        only(HERS),
        '(filter: {username: "ada"}) { nodes { id } }',
        variant="of ada",
    ),
)
MUTATIONS = (
    mutation(
        "installPackage",
        only(MANAGERS, "INVALID_INPUT"),
        'packageName: "mcp-hello-world", serverName: "{target}"',
        target="not a name",
    ),
    mutation("uninstallPackage", only(MANAGERS, "PACKAGE_NOT_FOUND"), 'serverName: "{target}"'),
    mutation("upgradePackage", only(MANAGERS, "PACKAGE_NOT_FOUND"), 'serverName: "{target}"'),
    mutation("rollbackPackage", only(MANAGERS, "PACKAGE_NOT_FOUND"), 'serverName: "{target}"'),
    Row(
        "Mutation.upgradeAllPackages",
        only(MANAGERS),
        "mutation { upgradeAllPackages { serverName } }",
    ),
    mutation(
        "setUpgradePolicy",
        only(MANAGERS, "PACKAGE_NOT_FOUND"),
        'serverName: "{target}", upgradePolicy: AUTOMATIC',
    ),
    mutation(
        "cancelPackageOperation", only(MANAGERS, "PACKAGE_NOT_FOUND"), 'serverName: "{target}"'
    ),
    mutation(
        "addServer",
        only(MANAGERS, "CONFLICT"),
        'serverName: "{target}", command: "true"',
        target="s",
    ),
    mutation(
        "updateServer", only(MANAGERS, "SERVER_NOT_FOUND"), 'serverName: "{target}", cwd: "/"'
    ),
    mutation("enableServer", only(MANAGERS, "SERVER_NOT_FOUND"), 'serverName: "{target}"'),
    mutation("disableServer", only(MANAGERS, "SERVER_NOT_FOUND"), 'serverName: "{target}"'),
    mutation("restartServer", only(MANAGERS, "SERVER_NOT_FOUND"), 'serverName: "{target}"'),
    mutation("deleteServer", only(MANAGERS, "SERVER_NOT_FOUND"), 'serverName: "{target}"'),
    mutation("setSecret", seen(), 'serverName: "{target}", name: "own", value: "v"', target="s"),
    mutation(
        "setSecret",
        only(HERS),
        'serverName: "{target}", name: "k", value: "v", username: "ada"',
        variant="of ada",
        target="s",
    ),
    mutation(
        "setSecret",
        only(ADMINS),
        'serverName: "{target}", name: "all", value: "v", shared: true',
        variant="of all",
        target="s",
    ),
    mutation("deleteSecret", only(ALL), 'serverName: "{target}", name: "none"'),
    mutation(
        "deleteSecret",
        only(HERS),
        'serverName: "{target}", name: "k", username: "ada"',
        variant="of ada",
    ),
    mutation(
        "deleteSecret",
        only(ADMINS),
        'serverName: "{target}", name: "k", shared: true',
        variant="of all",
    ),
    mutation("removeUser", only(ADMINS), 'username: "{target}"'),
    mutation("rotateKeys", only(ADMINS), ""),
    mutation("createToken", only(ADMINS, "INVALID_INPUT"), 'name: "{target}"', target=""),
    mutation(
        "revokeToken",
        only(ADMINS, "TOKEN_NOT_FOUND"),
        'id: "{target}"',
        target=encode_opaque("Token\0none"),
        there="{token}",
    ),
    mutation("callTool", reached(), 'serverName: "{target}", toolName: "pid"', target="s"),
    mutation(
        "callTool",
        reached_for_ada(),
        'serverName: "{target}", toolName: "pid", username: "ada"',
        variant="for ada",
        target="s",
    ),
    mutation("cancelToolCall", only((), "", "CALL_NOT_FOUND"), 'callId: "none"'),
)
SUBSCRIPTIONS = (
    subscription("packageProgress", only(MANAGERS), "{ phase }"),
    subscription("sessionChanged", only(ALL), "{ id }"),
    subscription("serverChanged", only(ALL), "{ serverName }"),
    subscription("toolsChanged", only(ALL), "{ id }"),
    subscription("listingChanged", only(ALL), "{ kind }"),
    subscription("keyRotation", only(ADMINS), "{ total }"),
    subscription("serverLog", only(ALL), '(serverName: "s") { line }'),
    subscription(
        "toolCall",
        reached(),
        '(input: {serverName: "s", toolName: "pid"}) { ... on ToolCallFinished { result '
        "{ ... on Error { code } } } }",
    ),
)
NAMED = {"serverName": "{target}"}
HER_SECRET = {**NAMED, "username": "ada", "secretName": "k"}
ROUTES = (
    route("GET /mcp/servers", only(ALL)),
    route("GET /mcp/servers/{target}", seen()),
    route("POST /mcp/servers", only(MANAGERS, "CONFLICT"), {"name": "{target}", "command": "true"}),
    route(
        "PUT /mcp/servers/{target}",
        only(MANAGERS, "SERVER_NOT_FOUND"),
        {"description": "x"},
        target="absent",
    ),
    route("DELETE /mcp/servers/{target}", only(MANAGERS, "SERVER_NOT_FOUND"), target="absent"),
    route("PUT /mcp/servers/{target}/enable", only(MANAGERS, "SERVER_NOT_FOUND"), target="absent"),
    route("PUT /mcp/servers/{target}/disable", only(MANAGERS, "SERVER_NOT_FOUND"), target="absent"),
    route("GET /mcp/tools", only(ALL)),
    route("POST /mcp/tool/call", reached(), {**NAMED, "methodName": "pid"}),
    route(
        "POST /mcp/tool/call",
        reached_for_ada(),
        {**NAMED, "methodName": "pid", "username": "ada"},
        variant="for ada",
    ),
    route("GET /tools/openapi.json", only(ALL)),
    route("GET /tools/{target}/openapi.json", seen()),
    route("POST /tools/{target}/fingerprint", reached(), {}),
    route("POST /tools/{target}/fingerprint?username=ada", reached_for_ada(), {}),
    route(
        "POST /packages/install",
        only(MANAGERS, "INVALID_INPUT"),
        {**NAMED, "name": "mcp-hello-world"},
        target="not a name",
    ),
    route("GET /packages", only(MANAGERS)),
    route("GET /packages/by-name/mcp-hello-world", only(MANAGERS, "PACKAGE_NOT_FOUND")),
    route("GET /packages/by-id/{target}", only(MANAGERS, "PACKAGE_NOT_FOUND")),
    route("GET /packages/updates", only(MANAGERS)),
    route("PUT /packages/upgrade-all", only(MANAGERS)),
    route("PUT /packages/{target}/upgrade", only(MANAGERS, "PACKAGE_NOT_FOUND"), target="absent"),
    route("PUT /packages/{target}/rollback", only(MANAGERS, "PACKAGE_NOT_FOUND"), target="absent"),
    route("PUT /packages/{target}/cancel", only(MANAGERS, "PACKAGE_NOT_FOUND"), target="absent"),
    route(
        "PUT /packages/{target}/policy",
        only(MANAGERS, "PACKAGE_NOT_FOUND"),
        {"upgradePolicy": "automatic"},
        target="absent",
    ),
    route("DELETE /packages/{target}", only(MANAGERS, "PACKAGE_NOT_FOUND"), target="absent"),
    route("PUT /packages/{target}/enable", only(MANAGERS, "PACKAGE_NOT_FOUND"), target="absent"),
    route("PUT /packages/{target}/disable", only(MANAGERS, "PACKAGE_NOT_FOUND"), target="absent"),
    route("POST /secrets/set", seen(), {**NAMED, "secretName": "own", "secretValue": "v"}),
    route("POST /secrets/set", only(HERS), {**HER_SECRET, "secretValue": "v"}, variant="of ada"),
    route("POST /secrets/delete", only(ALL), {**NAMED, "secretName": "none"}, target="absent"),
    route("POST /secrets/delete", only(HERS), HER_SECRET, target="absent", variant="of ada"),
)
# Where the path of a route's row differs from the pattern in the routes table.
PATTERNS: Mapping[str, str] = {
    "/mcp/servers/{target}": "/mcp/servers/{server_name}",
    "/mcp/servers/{target}/enable": "/mcp/servers/{server_name}/enable",
    "/mcp/servers/{target}/disable": "/mcp/servers/{server_name}/disable",
    "/tools/{target}/openapi.json": "/tools/{server_name}/openapi.json",
    "/tools/{target}/fingerprint": "/tools/{server_name}/{tool_name:path}",
    "/tools/{target}/fingerprint?username=ada": "/tools/{server_name}/{tool_name:path}",
    "/packages/by-name/mcp-hello-world": "/packages/by-name/{package_name:path}",
    "/packages/by-id/{target}": "/packages/by-id/{server_name}",
    "/packages/{target}": "/packages/{server_name}",
    "/packages/{target}/upgrade": "/packages/{server_name}/upgrade",
    "/packages/{target}/rollback": "/packages/{server_name}/rollback",
    "/packages/{target}/cancel": "/packages/{server_name}/cancel",
    "/packages/{target}/policy": "/packages/{server_name}/policy",
    "/packages/{target}/enable": "/packages/{server_name}/enable",
    "/packages/{target}/disable": "/packages/{server_name}/disable",
}
