"""Documents that have knocked GraphQL servers over, each as large as it may be or larger."""

from collections.abc import Callable, Mapping


def times(text: str, count: int) -> str:
    """The text again and again, with its number where `#` is."""
    return " ".join(text.replace("#", str(i)) for i in range(count))


def fragments(count: int, body: Callable[[int], str], kind: str = "Query") -> str:
    """Fragments F0, F1, …"""
    return " ".join(f"fragment F{i} on {kind} {{ {body(i)} }}" for i in range(count))


LAST = "fragment F29 on Query { viewer { username } }"
PAIRS = "nodes { tools(first: 500) { nodes { server { tools(first: 500) { nodes { name } } } } } }"
ARGUMENTS = "callTool(input: {serverName: $s, toolName: $s, arguments: [%s]}) { __typename }"

ATTACKS: Mapping[str, str] = {
    "fragment bomb": "{ ...F0 } " + fragments(29, lambda i: f"...F{i + 1} " * 3) + LAST,
    "bomb of fields": "{ servers { nodes { ...F0 } } } "
    + fragments(25, lambda i: f"tools {{ nodes {{ server {{ ...F{i + 1} }} }} }}", "Server")
    + "fragment F25 on Server { name }",
    "aliases": "{" + times("a#: viewer { username }", 80) + "}",
    "aliases in fragments": "{ ...F0 } "
    + fragments(15, lambda i: f"a{i}: viewer {{ username }} ...F{i + 1} x: viewer {{ username }}")
    + "fragment F15 on Query { viewer { username } }",
    "a field again and again": "{" + times("viewer { username }", 118) + "}",
    "a leaf again and again": "{ viewer {" + times("username", 480) + "} }",
    "a circle of fragments": "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
    "a circle through fields": "{ servers { nodes { ...S } } } "
    "fragment S on Server { tools { nodes { server { ...S } } } }",
    "deep fields": "{ servers { nodes {" + "package { server {" * 30 + "name" + "}}" * 30 + "}}}",
    "deep inline fragments": "{" + "... {" * 110 + "viewer { username }" + "}" * 110 + "}",
    "braces": "{" + "a {" * 2000 + "}" * 2000,
    "lists of lists": "{ servers(first: 500) { " + PAIRS + " } }",
    "a page of billions": "{ servers(first: 2147483647) { nodes { name } } }",
    "a number of thousands of digits": "{ servers(first: " + "9" * 19_000 + ") { nodes { name } } }",
    "directives": "{ viewer " + "@include(if: true) " * 60 + "{ username } }",
    "unknown directives": "{ viewer " + times("@d#", 120) + " { username } }",
    "a literal of a megabyte": '{ server(serverName: "' + "a" * 1_000_000 + '") { name } }',
    "a literal without an end": '{ server(serverName: """' + '\\"""' * 4900,
    "comments": "{" + "#\n" * 9000 + "viewer { username } }",
    "nested literals": "{ server(serverName: " + "[" * 230 + "]" * 230 + ") { name } }",
    "a long list": "mutation ($s: String!) {" + ARGUMENTS % ("1," * 450) + "}",
    "variables": "query (" + times("$v#: Int", 120) + ") { viewer { username } }",
    "unknown fields": "{" + times("servr#", 490) + "}",
    "unknown arguments": "{ server(" + times("a#: 1", 160) + ") { name } }",
    "unknown types": "{ viewer { username } } " + times("fragment F# on Servr# { x }", 29),
    "operations": times("query Q# { viewer { username } }", 60),
    "fragments of all later ones": "{ viewer { username } ...F0 } "
    + fragments(17, lambda i: " ".join(f"...F{j}" for j in range(i + 1, 17)) + " __typename"),
    "fragments side by side": "{ servers { nodes { " + times("...F#", 27) + " } } } "
    + fragments(27, lambda _: "package { server { package { id } } }", "Server"),
    "unknown inputs": "mutation { addServer(input: {" + times("transprt#: STDIO", 160)
    + "}) { __typename } }",
    "fields of a leaf": "{ viewer { username {" + times("a#", 480) + "} } }",
    "introspection of introspection": "{ __schema { types {" + "fields { type {" * 6 + "name"
    + "}}" * 6 + "} } }",
    "introspection by aliases": "{ __schema {" + times("a#: types { name }", 60) + "} }",
}  # fmt: skip

# What each is refused for: a part of the message.
REASONS: Mapping[str, str] = {
    "fragment bomb": "",  # harmless: every fragment is looked at once
    "bomb of fields": "levels deep, fragments included; the limit is 100.",
    "aliases": "80 fields that are aliased or asked for again; the limit is 30.",
    "aliases in fragments": "",
    "a field again and again": "117 fields that are aliased or asked for again; the limit is 30.",
    "a leaf again and again": "479 fields that are aliased or asked for again; the limit is 30.",
    "a circle of fragments": "Cannot spread fragment",
    "a circle through fields": "Cannot spread fragment",
    "deep fields": "63 levels deep; the limit is 15.",
    "deep inline fragments": "levels deep, fragments included; the limit is 100.",
    "braces": "tokens; the limit is 500.",
    "lists of lists": "fields; the limit is 100,000.",
    "a page of billions": "fields; the limit is 100,000.",
    "a number of thousands of digits": "The document has a number that is too large.",
    "directives": "60 directives; the limit is 30.",
    "unknown directives": "120 directives; the limit is 30.",
    "a literal of a megabyte": "1,000,035 characters; the limit is 20,000.",
    "a literal without an end": "Unterminated",
    "comments": "9,006 tokens; the limit is 500.",
    "nested literals": "nested too deeply",
    "a long list": "",
    "variables": "is never used",
    "unknown fields": "Cannot query field",
    "unknown arguments": "Unknown argument",
    "unknown types": "Unknown type",
    "operations": "60 operations; the limit is 10.",
    "fragments of all later ones": "",
    "fragments side by side": "",
    "unknown inputs": "to include required field",
    "fields of a leaf": "must not have a selection",
    "introspection of introspection": "introspection depth",
    "introspection by aliases": "60 fields that are aliased or asked for again; the limit is 30.",
}
