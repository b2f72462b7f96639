"""The input for a server's rules of access."""

import strawberry

from app.domain.errors import invalid
from app.domain.server_access import ServerAccess
from app.resolvers.types.access import ALLOWED, DENIED, GROUPS, READ_ONLY, RENAMED, USERS, WHO

ACCESS = "Who may see and call it, and which of its tools."


@strawberry.input(description="A tool to have another name here.")
class RenamedToolInput:
    """One renaming."""

    tool: str = strawberry.field(description="The server's own name for it.")
    name: str = strawberry.field(description="The name to list and call it by.")


@strawberry.input(
    description="Who may see and call a server, and which of its tools. What is left out opens; "
    "an empty list of users keeps everybody out who is in no group of it."
)
class AccessInput:
    """The rules of one server."""

    users: list[str] | None = strawberry.field(default=None, description=f"{USERS}; {WHO}.")
    groups: list[str] | None = strawberry.field(default=None, description=f"{GROUPS}; {WHO}.")
    allowed_tools: list[str] | None = strawberry.field(
        default=None, description=f"{ALLOWED}; by default all."
    )
    denied_tools: list[str] = strawberry.field(default_factory=list, description=DENIED)
    renamed_tools: list[RenamedToolInput] = strawberry.field(
        default_factory=list, description=RENAMED
    )
    read_only: bool = strawberry.field(default=False, description=READ_ONLY)

    def access(self) -> ServerAccess:
        """The rules as domain data.

        Raises:
            AppError: INVALID_INPUT for a tool that is renamed twice.
        """
        renamed = {entry.tool: entry.name for entry in self.renamed_tools}
        if len(renamed) < len(self.renamed_tools):
            raise invalid("A tool can have one new name only.", "access", "renamedTools")
        return ServerAccess(
            users=_texts(self.users),
            groups=_texts(self.groups),
            allowed_tools=_texts(self.allowed_tools),
            denied_tools=tuple(self.denied_tools),
            renamed_tools=renamed,
            is_read_only=self.read_only,
        )


def _texts(value: list[str] | None) -> tuple[str, ...] | None:
    return None if value is None else tuple(value)
