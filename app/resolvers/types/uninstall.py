"""What an uninstall would take away."""

from typing import Self

import strawberry

from app.domain.secret import SHARED
from app.resolvers.context import Context
from app.resolvers.types.package import PackageType
from app.resolvers.types.server import ServerType
from app.services.uninstall import UninstallPreview


@strawberry.type(description="Whose secrets an uninstall would remove.")
class SecretOwner:
    """One user."""

    username: str | None = strawberry.field(
        description="The user; null for the secrets that all users share."
    )
    secrets: int = strawberry.field(description="How many secrets.")


@strawberry.type(
    name="UninstallPreview", description="What uninstallPackage would take away; nothing is done."
)
class UninstallPreviewType:
    """A preview."""

    package: PackageType = strawberry.field(description="The package record.")
    server: ServerType | None = strawberry.field(
        description="The server with its tools; null while it is being installed."
    )
    tools: list[str] = strawberry.field(description="The names of the tools that would be gone.")
    users: list[SecretOwner] = strawberry.field(
        description="Who has secrets for it, by name; `keepSecrets` keeps them."
    )
    live_sessions: int = strawberry.field(
        description="How many sessions the process that answers would end."
    )
    folders: list[str] = strawberry.field(description="The folders that would be removed.")

    @classmethod
    def of(cls, context: Context, preview: UninstallPreview) -> Self:
        """The GraphQL preview."""
        server = preview.server
        return cls(
            package=PackageType.of(context.deps, preview.package),
            server=None if server is None else ServerType.of(context, server),
            tools=[] if server is None else sorted(tool.name for tool in server.tools),
            users=[
                SecretOwner(username=None if user == SHARED else user, secrets=number)
                for user, number in sorted(preview.secrets.items())
            ],
            live_sessions=preview.sessions,
            folders=[*preview.folders],
        )
