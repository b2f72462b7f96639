"""A typed schema: the server types under one Mutation, and a Query that tells what is what."""

from collections.abc import Sequence
from dataclasses import dataclass

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLField,
    GraphQLFloat,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLString,
)

from app.domain.typed.names import encode_name
from app.resolvers.context import Context
from app.resolvers.typed.server_types import ServerTypes, Target, ToolField
from app.resolvers.typed.shared import Shared


@dataclass(frozen=True, slots=True)
class _ToolServer:
    name: str
    field: str
    tools: Sequence[ToolField]


def typed_schema(servers: Sequence[ServerTypes], shared: Shared) -> GraphQLSchema:
    """The schema of these servers; without any it has no Mutation."""
    fields = {
        encode_name(server.tool_set.server_name): _server_field(server, server.kind)
        for server in servers
        if server.kind is not None
    }
    mutation = GraphQLObjectType(
        "Mutation",
        fields,
        description="Calling tools, one after the other in the order they are written.",
    )
    # Valid by how it is made, which tests hold; checking takes as long as building.
    return GraphQLSchema(
        _query(servers), mutation if fields else None, types=shared.more, assume_valid=True
    )


def _server_field(server: ServerTypes, kind: GraphQLObjectType) -> GraphQLField:
    name, words = server.tool_set.server_name, server.tool_set.description
    return GraphQLField(
        GraphQLNonNull(kind),
        args={
            "username": GraphQLArgument(
                GraphQLString, description="For whom the tools are called; by default the caller."
            ),
            "timeoutSeconds": GraphQLArgument(
                GraphQLFloat,
                description="How long each call may take, a server's start included, or go on "
                "without progress; up to 3600. By default what the server's settings say.",
            ),
        },
        resolve=_target,
        description="\n\n".join(t for t in (f"Tools of the server `{name}`.", words) if t),
    )


def _target(
    _root: object,
    _info: GraphQLResolveInfo[Context],
    username: str | None = None,
    timeoutSeconds: float | None = None,  # noqa: N803 - as the schema says it
) -> Target:
    return Target(username, timeoutSeconds)


def _query(servers: Sequence[ServerTypes]) -> GraphQLObjectType:
    told = [
        _ToolServer(s.tool_set.server_name, encode_name(s.tool_set.server_name), s.fields)
        for s in servers
        if s.kind is not None
    ]
    return GraphQLObjectType(
        "Query",
        {
            "toolServers": GraphQLField(
                _all_of(_tool_server()),
                resolve=lambda _root, _info: told,
                description="Which field stands for which server and tool.",
            )
        },
        description="What there is to call, under the names that the servers gave.",
    )


def _tool_server() -> GraphQLObjectType:
    text, truth = GraphQLNonNull(GraphQLString), GraphQLNonNull(GraphQLBoolean)
    tool = GraphQLObjectType(
        "ToolField",
        {
            "name": GraphQLField(text, description="The tool's own name."),
            "field": GraphQLField(text, description="The field that calls it."),
            "typedArguments": GraphQLField(
                truth, description="Whether it takes its arguments one by one, or all as JSON."
            ),
            "typedResult": GraphQLField(
                truth, description="Whether its structured content has a type: `structured`."
            ),
        },
        description="A tool, and the field that stands for it.",
    )
    return GraphQLObjectType(
        "ToolServer",
        {
            "name": GraphQLField(text, description="The server's own name."),
            "field": GraphQLField(text, description="The field of Mutation with its tools."),
            "tools": GraphQLField(_all_of(tool), description="Its tools."),
        },
        description="A server, and the field that stands for it.",
    )


def _all_of(
    kind: GraphQLObjectType,
) -> GraphQLNonNull[GraphQLList[GraphQLNonNull[GraphQLObjectType]]]:
    return GraphQLNonNull(GraphQLList(GraphQLNonNull(kind)))
