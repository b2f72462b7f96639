"""The GraphQL type of one server: a field for each of its tools."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
)

from app.domain.call import ToolCall
from app.domain.errors import AppError, ErrorCode
from app.domain.names import MAX_TOOL_NAME
from app.domain.tool import Tool
from app.domain.typed.names import encode_name, type_words
from app.domain.typed.shapes import Shapes
from app.domain.typed.shaping import MAX_DESCRIPTION_CHARACTERS, input_shapes, output_shapes
from app.domain.typed.values import Misfit, to_arguments, to_output
from app.resolvers.context import Context
from app.resolvers.inputs import json_object
from app.resolvers.typed.shared import Shared
from app.resolvers.typed.types import ToolTypes
from app.resolvers.types.tool import ToolResult
from app.services.calls import call_tool
from app.services.tool_sets import ToolSet

log = logging.getLogger(__name__)

MAX_TOOLS = 2_000
ARGUMENTS = "arguments"


@dataclass(frozen=True, slots=True)
class Target:
    """How the tools below one server field are called: one after the other, as they are written."""

    username: str | None
    timeout_seconds: float | None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True, slots=True)
class ToolField:
    """What a tool has become; the root field `toolServers` tells it."""

    name: str
    field: str
    typedArguments: bool  # noqa: N815 - as the schema says it
    typedResult: bool  # noqa: N815


@dataclass(frozen=True, slots=True)
class ServerTypes:
    """A server's type, and what its fields stand for. `kind` is None where there are no tools."""

    tool_set: ToolSet
    kind: GraphQLObjectType | None
    fields: tuple[ToolField, ...]


def server_types(tool_set: ToolSet, word: str, shared: Shared) -> ServerTypes:
    """Made from the tools alone; whatever is wrong with one of them stays with that one."""
    tools = _usable(tool_set)
    words = type_words(tools)
    made: dict[str, GraphQLField] = {}
    told: list[ToolField] = []
    for name, tool in tools.items():
        try:
            part = _ToolPart(tool_set.server_name, tool, f"{word}_{words[name]}")
            made[encode_name(name)] = part.field(shared)
            told.append(part.told())
        except (GraphQLError, RecursionError, TypeError, ValueError) as error:
            # Nothing is known to come here; what does must not take the other tools along.
            log.warning(
                "The tool %r of server %s is left out of the typed schema: %s",
                name, tool_set.server_name, error,
            )  # fmt: skip
    description = f"The tools of the server `{tool_set.server_name}`."
    kind = GraphQLObjectType(f"{word}_Tools", made, description=description) if made else None
    return ServerTypes(tool_set, kind, tuple(told))


def _usable(tool_set: ToolSet) -> Mapping[str, Tool]:
    tools: dict[str, Tool] = {}
    for tool in tool_set.tools:
        if len(tool.name) <= MAX_TOOL_NAME and tool.name.isprintable():
            tools.setdefault(tool.name, tool)
    left_out = len(tool_set.tools) - min(len(tools), MAX_TOOLS)
    if left_out:
        log.warning(
            "%d tools of server %s are left out of the typed schema: their names cannot be used, "
            "or there are more than %d.", left_out, tool_set.server_name, MAX_TOOLS,
        )  # fmt: skip
    return dict([*tools.items()][:MAX_TOOLS])


class _ToolPart:
    """One tool's field."""

    def __init__(self, server_name: str, tool: Tool, prefix: str) -> None:
        self._server_name = server_name
        self._tool = tool
        self._prefix = prefix
        self._inputs = input_shapes(tool.input_schema)
        self._outputs = None if tool.output_schema is None else output_shapes(tool.output_schema)

    def told(self) -> ToolField:
        is_typed = self._inputs is not None, self._outputs is not None
        return ToolField(self._tool.name, encode_name(self._tool.name), *is_typed)

    def field(self, shared: Shared) -> GraphQLField:
        types = ToolTypes(self._prefix, shared.leaves)
        return GraphQLField(
            self._result(types, shared),
            args=self._arguments(types, shared),
            resolve=_caller(self._server_name, self._tool.name, self._inputs),
            description=self._description(),
        )

    def _arguments(self, types: ToolTypes, shared: Shared) -> dict[str, GraphQLArgument]:
        if self._inputs is not None:
            return types.arguments(self._inputs)
        about = (
            "All arguments, an object; `Tool.inputSchema` in the schema at /graphql describes it."
        )
        return {ARGUMENTS: GraphQLArgument(shared.json, description=about)}

    def _result(self, types: ToolTypes, shared: Shared) -> GraphQLObjectType:
        if self._outputs is None:
            return shared.result
        output = GraphQLField(
            types.output(self._outputs),
            resolve=_structured(self._server_name, self._tool.name, self._outputs),
            description="The structured content, as the tool's output schema describes it.",
        )
        name = self._tool.name
        return shared.typed_result(types.name("Result"), output, f"What `{name}` answered.")

    def _description(self) -> str:
        """The server's words under a line that tells whose they are."""
        about = f"The tool `{self._tool.name}` of the server `{self._server_name}`."
        words = (self._tool.title, self._tool.description)
        more = [text[:MAX_DESCRIPTION_CHARACTERS] for text in words if text]
        return "\n\n".join([about, *more])


def _caller(
    server_name: str, tool_name: str, shapes: Shapes | None
) -> Callable[..., Awaitable[ToolResult]]:
    async def call(
        target: Target, info: GraphQLResolveInfo[Context], /, **given: Any
    ) -> ToolResult:
        context = info.context
        wanted = ToolCall(
            server_name=server_name,
            tool_name=tool_name,
            arguments=_free(given) if shapes is None else to_arguments(shapes, given),
            username=target.username,
            timeout_seconds=target.timeout_seconds,
        )
        async with target.turn:
            return ToolResult(outcome=await call_tool(context.deps, context.principal, wanted))

    return call


def _free(given: Mapping[str, object]) -> Mapping[str, object]:
    arguments = given.get(ARGUMENTS)
    return {} if arguments is None else json_object(arguments, ARGUMENTS)


def _structured(
    server_name: str, tool_name: str, shapes: Shapes
) -> Callable[[ToolResult, GraphQLResolveInfo[Context]], Mapping[str, object] | None]:
    def structured(
        result: ToolResult, _info: GraphQLResolveInfo[Context]
    ) -> Mapping[str, object] | None:
        content = result.outcome.raw.get("structuredContent")
        if content is None:
            return None
        try:
            return to_output(shapes, content)
        except Misfit as misfit:
            raise AppError(
                ErrorCode.SERVER_FAILED,
                f"The structured content of {tool_name!r} of server {server_name!r} does not fit "
                f"its output schema at {misfit.path[:200] or '/'}.",
                hint="Read structuredContent, which is as the server sent it.",
            ) from None

    return structured
