"""A server's rules of access."""

from typing import Self

import strawberry

from app.domain.server_access import ServerAccess

USERS = "The users who may see and call it"
GROUPS = "The groups whose members may"
WHO = "with neither users nor groups, everybody may"
ALLOWED = "The tools that there are, by the server's own names"
DENIED = "Tools that there are not, even if they are allowed."
RENAMED = "Tools that have another name here: the new one is listed and called."
READ_ONLY = (
    "Whether there are only tools of which the server itself says that they change nothing "
    "(`readOnlyHint`)."
)


@strawberry.type(name="RenamedTool", description="A tool that has another name here.")
class RenamedToolType:
    """One renaming."""

    tool: str = strawberry.field(description="The server's own name for it.")
    name: str = strawberry.field(description="The name to list and call it by.")


@strawberry.type(
    name="ServerAccess",
    description="Who may see and call a server, and which of its tools; the rules for tools hold "
    "for everybody.",
)
class ServerAccessType:
    """The rules of one server."""

    users: list[str] | None = strawberry.field(description=f"{USERS}; {WHO}.")
    groups: list[str] | None = strawberry.field(description=f"{GROUPS}; {WHO}.")
    allowed_tools: list[str] | None = strawberry.field(description=f"{ALLOWED}; null for all.")
    denied_tools: list[str] = strawberry.field(description=DENIED)
    renamed_tools: list[RenamedToolType] = strawberry.field(description=RENAMED)
    read_only: bool = strawberry.field(description=READ_ONLY)

    @classmethod
    def of(cls, access: ServerAccess) -> Self:
        """The GraphQL rules."""
        return cls(
            users=_texts(access.users),
            groups=_texts(access.groups),
            allowed_tools=_texts(access.allowed_tools),
            denied_tools=[*access.denied_tools],
            renamed_tools=[
                RenamedToolType(tool=own, name=name) for own, name in access.renamed_tools.items()
            ],
            read_only=access.is_read_only,
        )


def _texts(value: tuple[str, ...] | None) -> list[str] | None:
    return None if value is None else [*value]
