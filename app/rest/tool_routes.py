"""`/tools`: a route and an OpenAPI operation for each tool, for agents that speak OpenAPI."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import orjson
from starlette.requests import Request
from starlette.responses import Response

from app.domain.call import Refusal, ToolCall, ToolOutcome
from app.domain.errors import AppError, ErrorCode, invalid
from app.edge.envelope import json_response
from app.edge.principal import principal_of
from app.rest.answers import AnyJson, OpenApiBody
from app.rest.bodies import ArgumentsBody, Query, seconds
from app.rest.errors import CALLING
from app.rest.fields import CallTimeout, Username
from app.rest.openapi.tools import build_tools_document
from app.rest.operation import Operation
from app.rest.parsing import deps_of, read_object, read_query
from app.services.calls import call_tool
from app.services.replays import call_again
from app.services.tools import list_all_tools


class ToolQuery(Query):
    """What can be said of a call beside the tool's arguments."""

    username: Username | None = None
    timeout: CallTimeout | None = None


async def call(request: Request) -> Response:
    """`POST /tools/:server/:tool`: the body is the tool's arguments, the answer its output."""
    asked = await _asked(request)
    outcome = await call_tool(deps_of(request), principal_of(request), asked)
    return json_response(_output(outcome))


@asynccontextmanager
async def again(request: Request) -> AsyncIterator[None]:
    """The gate of a call that comes again."""
    async with call_again(deps_of(request), principal_of(request), await _asked(request)):
        yield


async def document_of_all(request: Request) -> Response:
    """`GET /tools/openapi.json`."""
    return await _document(request, None)


async def document_of_server(request: Request) -> Response:
    """`GET /tools/:server/openapi.json`."""
    return await _document(request, request.path_params["server_name"])


async def _asked(request: Request) -> ToolCall:
    query = read_query(request, ToolQuery)
    return ToolCall(
        server_name=request.path_params["server_name"],
        tool_name=request.path_params["tool_name"],
        arguments=await read_object(request),
        username=query.username,
        timeout_seconds=seconds(query.timeout, None),
    )


async def _document(request: Request, server_name: str | None) -> Response:
    tools = await list_all_tools(deps_of(request), principal_of(request), server_name)
    return json_response(build_tools_document(tools, server_name))


def _output(outcome: ToolOutcome) -> object:
    """What the tool gave: its structured content, else its content as plain JSON.

    Raises:
        AppError: INVALID_INPUT where the arguments do not fit, SERVER_FAILED where the tool says
            that it failed: a client of one tool's route expects that tool's output.
    """
    raw = outcome.raw
    content = raw.get("content")
    parts = [_plain(part) for part in content] if isinstance(content, list) else []
    if outcome.is_error:
        text = "\n".join(part if isinstance(part, str) else "…" for part in parts)
        if isinstance(raw, Refusal):
            raise invalid(text)
        raise AppError(ErrorCode.SERVER_FAILED, text or "The tool failed and did not say why.")
    if "structuredContent" in raw:
        return raw["structuredContent"]
    values = [_parsed(part) for part in parts]
    return values[0] if len(values) == 1 else values


def _plain(part: object) -> object:
    """A text as it is, an image or a sound as a data URL (RFC 2397), the rest as it came."""
    if not isinstance(part, Mapping):
        return part
    if part.get("type") == "text":
        return part.get("text")
    if part.get("type") in ("image", "audio"):
        return f"data:{part.get('mimeType')};base64,{part.get('data')}"
    return part


def _parsed(value: object) -> object:
    """What the text says, where it is JSON."""
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value


OPERATIONS = [
    Operation(
        "GET", "/tools/openapi.json", document_of_all,
        id="describeTools",
        summary="An OpenAPI document of all tools of the caller",
        answer=OpenApiBody,
    ),
    Operation(
        "GET", "/tools/{server_name}/openapi.json", document_of_server,
        id="describeServerTools",
        summary="An OpenAPI document of one server's tools",
        answer=OpenApiBody,
        errors=[ErrorCode.SERVER_NOT_FOUND],
    ),
    Operation(
        "POST", "/tools/{server_name}/{tool_name:path}", call,
        id="callOneTool",
        summary="Call a tool by a route of its own",
        description="The body is the tool's arguments, the answer its output without an envelope: "
        "its structured content, or its text (parsed where it is JSON), or a list of its parts. "
        "A tool that reports failure is a 502.",
        body=ArgumentsBody,
        query=ToolQuery,
        answer=AnyJson,
        errors=CALLING,
        again=again,
    ),
]  # fmt: skip
