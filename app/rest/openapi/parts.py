"""The parts of the document that several operations refer to."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import TypeAdapter

from app.rest.fields import PackageName, ServerName, ToolName

TAGS: Final = [
    {"name": "packages", "description": "Packages with MCP servers, from npm and PyPI."},
    {"name": "servers", "description": "MCP servers: programs, and addresses elsewhere."},
    {"name": "tools", "description": "The tools of all servers, and calling them."},
    {"name": "secrets", "description": "Each user's secrets; set and removed, never read."},
    {"name": "service", "description": "This service itself."},
]
_TAGS_BY_PREFIX = {
    "/packages": "packages",
    "/mcp/servers": "servers",
    "/mcp/tool": "tools",
    "/tools": "tools",
    "/secrets": "secrets",
}
SECURITY: Final[list[dict[str, list[str]]]] = [{"bearer": []}, {}]
SECURITY_SCHEMES: Final = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API token; not needed where no authentication is configured.",
    }
}
PARAMETERS: Final = {
    "If-None-Match": {
        "name": "If-None-Match",
        "in": "header",
        "description": "The ETag of what the client has.",
        "schema": {"type": "string"},
    },
    "Idempotency-Key": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "A text of the client's own that stands for this request. Sent again "
        "within a day, the request is not carried out again: the first answer is given again. "
        "Another request under the same key is refused (409), as is the same while the first is "
        "at work. A UUID does well.",
        # Without an example: /docs would send it with every request that is tried there.
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    },
}
HEADERS: Final = {
    "Retry-After": {
        "description": "After how many seconds to try again, where that is known.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "X-Request-Id": {
        "description": "The request's id, as the client gave it or made here; logs have it too.",
        "schema": {"type": "string"},
    },
    "ETag": {
        "description": "Stands for this content; a weak tag.",
        "schema": {"type": "string"},
    },
    "Idempotency-Replayed": {
        "description": "`true` where this is the first answer to the key, given again.",
        "schema": {"type": "string", "const": "true"},
    },
}
EVENT_STREAM: Final = {
    "schema": {
        "type": "string",
        "description": "With `Accept: text/event-stream`, server-sent events whose data is JSON: "
        "`started` with `callId`, any number of `progress` and `log`, and at last `result` with "
        "the documented answer or `error` with the documented failure.",
    },
}


def headers(*names: str) -> Mapping[str, Any]:
    """References to headers of an answer."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def tag_of(path: str) -> str:
    """What the operations of a path are about."""
    return next((tag for p, tag in _TAGS_BY_PREFIX.items() if path.startswith(p)), "service")


def _path_parameter(name: str, kind: Any) -> Mapping[str, Any]:
    schema = TypeAdapter(kind).json_schema()
    return {"name": name, "in": "path", "required": True, "schema": schema}


# By the name that the routes have for them.
PATH_PARAMETERS: Final = {
    "server_name": _path_parameter("serverName", ServerName),
    "package_name": _path_parameter("packageName", PackageName),
    "tool_name": _path_parameter("toolName", ToolName),
}
