"""Fetching anything again by its id, and the caller."""

from typing import Annotated

import strawberry

from app.resolvers.context import Info
from app.resolvers.inputs import decode_opaque
from app.resolvers.types.node import Node
from app.resolvers.types.package import PackageType
from app.resolvers.types.secret import SecretType
from app.resolvers.types.server import ServerType
from app.resolvers.types.tool import ToolType
from app.resolvers.types.viewer import Viewer
from app.services.secrets import find_secret
from app.services.tools import find_tool_of


@strawberry.type
class NodeQueries:
    """The fields of Query that belong to no single noun."""

    @strawberry.field(description="Who is calling, and for whom they may act.")
    def viewer(self, info: Info) -> Viewer:
        """The caller."""
        return Viewer.of(info.context.principal)

    @strawberry.field(description="The thing with that id; null if it is gone.")
    async def node(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="An id this server gave.")],
    ) -> Node | None:
        """Any node."""
        match decode_opaque(id, "id").split("\0"):
            case ["Server", name]:
                return await _server(info, name)
            case ["Package", name]:
                package = await info.context.loaders.packages.load(name)
                return None if package is None else PackageType.of(info.context.deps, package)
            case ["Tool", server_name, name]:
                return await _tool(info, server_name, name)
            case ["Secret", username, server_name, name]:
                return await _secret(info, username, server_name, name)
            case _:
                return None


async def _server(info: Info, name: str) -> ServerType | None:
    server = await info.context.loaders.servers.load(name)
    return None if server is None else ServerType.of(info.context.deps, server)


async def _tool(info: Info, server_name: str, name: str) -> ToolType | None:
    server = await info.context.loaders.servers.load(server_name)
    tool = None if server is None else find_tool_of(server, name)
    return None if server is None or tool is None else ToolType.of(server, tool)


async def _secret(info: Info, username: str, server_name: str, name: str) -> SecretType | None:
    context = info.context
    secret = await find_secret(
        context.deps, context.principal, server_name=server_name, name=name, username=username
    )
    return None if secret is None else SecretType.of(secret)
