# mypy: disable-error-code="import-not-found, untyped-decorator"
# (Schemathesis is in an environment of its own.)
"""What Schemathesis has to know of our schema, and what it looks for in every answer.

Loaded by Schemathesis itself (SCHEMATHESIS_HOOKS), in an environment of its own.
"""

import re
from dataclasses import replace
from typing import Any

import graphql
import schemathesis
from hypothesis import strategies as st
from schemathesis.graphql import nodes, scalar

scalar("DateTime", st.just(nodes.String("2026-01-02T03:04:05+00:00")))
scalar(
    "JSON",
    st.one_of(
        st.integers(-(2**31), 2**31 - 1).map(nodes.Int),
        st.text(max_size=20).map(nodes.String),
        st.booleans().map(nodes.Boolean),
        st.just(nodes.Object(fields=[])),
    ),
)


# Inputs that would do something outside of this product, and what stands in their place.
HARMLESS = {
    "command": (re.compile(r"."), "true"),
    "packageName": (re.compile(r"^[@\w]"), "mcp-api-there-is-no-such-package"),
    "url": (re.compile(r"://"), "http://127.0.0.1:9/"),
    "registry": (re.compile(r"://"), "http://127.0.0.1:9/"),
    "indexUrl": (re.compile(r"://"), "http://127.0.0.1:9/"),
    "extraIndexUrls": (re.compile(r"://"), "http://127.0.0.1:9/"),
}
# What only Python says of its own values.
PYTHONS_WORDS = re.compile(
    r"Traceback|0x[0-9a-f]{6}|NoneType|\bsys\.|<class|codec can't|unhashable"
)


class Harmless(graphql.Visitor):
    """Puts harmless texts into the inputs that need one."""

    def enter_object_field(self, node: Any, *_more: Any) -> Any:
        """The same field of an input, with a harmless value."""
        name = node.name.value
        return replace(node, value=harmless(name, node.value)) if name in HARMLESS else None


def harmless(name: str, value: Any) -> Any:
    """The value of that input, or what stands in its place."""
    pattern, text = HARMLESS[name]
    if value.kind == "list_value":
        return replace(value, values=tuple(harmless(name, item) for item in value.values))
    is_harmful = value.kind == "string_value" and pattern.search(value.value)
    return replace(value, value=text) if is_harmful else value


@schemathesis.hook  # as Schemathesis finds it by its name
def map_body(_context: Any, body: Any) -> Any:
    """The operation, which must not run programs or fetch packages that there are."""
    return graphql.visit(body, Harmless())


@schemathesis.check
def no_surprise(_ctx: Any, response: Any, _case: Any) -> None:
    """Every answer is JSON, every error has its code, and none is a bug that was masked."""
    assert response.status_code < 500, response.status_code
    assert response.status_code != 401, "What comes after this is not run at all."
    for error in response.json().get("errors", ()):
        code = error["extensions"]["code"]
        assert code != "INTERNAL", error
        assert not PYTHONS_WORDS.search(error["message"]), error
