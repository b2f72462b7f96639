# mypy: disable-error-code="import-not-found, untyped-decorator"
# (Schemathesis is in an environment of its own.)
"""What Schemathesis has to know of our schema, and what it looks for in every answer.

Loaded by Schemathesis itself (SCHEMATHESIS_HOOKS), in an environment of its own.
"""

from typing import Any

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


@schemathesis.check
def no_surprise(_ctx: Any, response: Any, _case: Any) -> None:
    """Every answer is JSON, every error has its code, and none is a bug that was masked."""
    assert response.status_code < 500, response.status_code
    for error in response.json().get("errors", ()):
        code = error["extensions"]["code"]
        assert code != "INTERNAL", error
