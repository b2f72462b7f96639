"""Queries for what servers offer besides tools."""

from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from app.resolvers.context import Info
from app.resolvers.inputs import json_object, string_map
from app.resolvers.types.answers import Completion, ResourceContents
from app.resolvers.types.listing import Username
from app.resolvers.types.prompt import PromptResult
from app.services.catalog import ForUser, complete, get_prompt, read_resource

ServerName = Annotated[str, strawberry.argument(description="The server's exact name.")]


@strawberry.input(
    one_of=True, description="What a value belongs to: exactly one of a prompt and a template."
)
class CompletionRef:
    """The `ref` of a completion (MCP spec, Completion)."""

    prompt: strawberry.Maybe[str] = strawberry.field(description="A prompt, by its name.")
    resource_template: strawberry.Maybe[str] = strawberry.field(
        description="A resource template, by its pattern."
    )

    def params(self) -> dict[str, str]:
        """The reference as MCP has it."""
        if self.prompt is not None:
            return {"type": "ref/prompt", "name": self.prompt.value}
        template = "" if self.resource_template is None else self.resource_template.value
        return {"type": "ref/resource", "uri": template}


@strawberry.input(description="A value that somebody is typing.")
class CompletionInput:
    """The input of completion."""

    server_name: str = strawberry.field(description="The server to ask.")
    ref: CompletionRef = strawberry.field(description="What the value belongs to.")
    argument: str = strawberry.field(description="The argument or variable it is for.")
    value: str = strawberry.field(description="What has been typed so far.")
    context: JSON | None = strawberry.field(
        default=None,
        description="The arguments or variables that are filled in already, an object of texts.",
    )
    username: str | None = strawberry.field(
        default=None, description="For which user the server is asked; by default the caller."
    )

    def params(self) -> dict[str, object]:
        """The params of `completion/complete`."""
        asked: dict[str, object] = {
            "ref": self.ref.params(),
            "argument": {"name": self.argument, "value": self.value},
        }
        if self.context is None:
            return asked
        return {**asked, "context": {"arguments": string_map(self.context, "context")}}


@strawberry.type
class ListingQueries:
    """The fields of Query about resources, prompts and completion."""

    @strawberry.field(description="What a resource holds, read from the server right now.")
    async def resource_contents(
        self,
        info: Info,
        server_name: ServerName,
        uri: Annotated[
            str,
            strawberry.argument(description="Its address: a listed one, or one of a template."),
        ],
        username: Username = None,
    ) -> ResourceContents:
        """Read a resource."""
        context, whose = info.context, ForUser(server_name, username)
        return ResourceContents.of(await read_resource(context.deps, context.principal, whose, uri))

    @strawberry.field(description="A prompt, filled in by the server.")
    async def prompt(
        self,
        info: Info,
        server_name: ServerName,
        prompt_name: Annotated[str, strawberry.argument(description="The prompt's exact name.")],
        arguments: Annotated[
            JSON | None,
            strawberry.argument(description="What to fill it in with, an object of texts."),
        ] = None,
        username: Username = None,
    ) -> PromptResult:
        """Fill in a prompt."""
        context, whose = info.context, ForUser(server_name, username)
        given = {} if arguments is None else json_object(arguments, "arguments")
        return PromptResult.of(
            await get_prompt(context.deps, context.principal, whose, prompt_name, given)
        )

    @strawberry.field(description="What a value that somebody is typing could become.")
    async def completion(
        self,
        info: Info,
        input: Annotated[CompletionInput, strawberry.argument(description="What is typed.")],
    ) -> Completion:
        """Complete a value."""
        context, whose = info.context, ForUser(input.server_name, input.username)
        return Completion.of(await complete(context.deps, context.principal, whose, input.params()))
