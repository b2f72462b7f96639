"""What Schemathesis is kept from, and the rules that JSON Schema cannot tell it.

Loaded by Schemathesis itself (SCHEMATHESIS_HOOKS), not by pytest.
"""

from typing import Any
from urllib.parse import quote, unquote

import schemathesis

# Nothing runs or listens there.
SAFE = {"command": "/nonexistent/server", "url": "http://127.0.0.1:9/mcp"}
# "Printable, without blanks at the ends" has no spelling that all regular expressions share.
PRINTABLE = ("username", "methodName", "toolName")


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """The generated body, harmless where it would be acted upon."""
    if not isinstance(body, dict):
        return body
    body = {name: _plain(name, value) for name, value in body.items()}
    for name, safe in SAFE.items():
        if isinstance(body.get(name), str) and body[name]:
            body[name] = safe
    if body.get("secrets") is not None:
        # Secrets are declared in full or by name.
        body = {n: v for n, v in body.items() if n not in ("secretNames", "secretName")}
    return body


@schemathesis.hook
def map_query(context: Any, query: Any) -> Any:
    """Printable texts."""
    return {n: _plain(n, v) for n, v in query.items()} if isinstance(query, dict) else query


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: Any) -> Any:
    """Printable texts; these come percent-encoded."""
    if not isinstance(path_parameters, dict):
        return path_parameters
    return {
        name: quote(str(_plain(name, unquote(str(value)))), safe="") if name in PRINTABLE else value
        for name, value in path_parameters.items()
    }


def _plain(name: str, value: Any) -> Any:
    if name not in PRINTABLE or not isinstance(value, str):
        return value
    kept = "".join(c for c in value if c.isprintable()).strip()
    return kept or ("x" if value else value)
