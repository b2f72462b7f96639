"""Fetching anything again by its id, and the caller."""

from typing import Annotated

import strawberry

from app.domain.errors import AppError, ErrorCode
from app.domain.secret import SHARED
from app.domain.session import ListingKind
from app.resolvers.context import Info
from app.resolvers.inputs import decode_opaque
from app.resolvers.types.audit import AuditRecordType
from app.resolvers.types.listing import PromptType, ResourceTemplateType, ResourceType
from app.resolvers.types.node import Node
from app.resolvers.types.package import PackageType
from app.resolvers.types.secret import SecretType
from app.resolvers.types.server import ServerType
from app.resolvers.types.session import SessionType
from app.resolvers.types.token import TokenType
from app.resolvers.types.tool import ToolType
from app.resolvers.types.viewer import Viewer
from app.services.audit_query import find_audit
from app.services.catalog import ForUser, find_entry
from app.services.secrets import Place, find_secret
from app.services.sessions import find_session
from app.services.tokens import find_token
from app.services.tools import find_tool_of
from app.services.viewer import show_viewer

ENTRIES: dict[
    str, tuple[ListingKind, type[ResourceType] | type[ResourceTemplateType] | type[PromptType]]
] = {
    "Resource": (ListingKind.RESOURCES, ResourceType),
    "ResourceTemplate": (ListingKind.RESOURCE_TEMPLATES, ResourceTemplateType),
    "Prompt": (ListingKind.PROMPTS, PromptType),
}


@strawberry.type
class NodeQueries:
    """The fields of Query that belong to no single noun."""

    @strawberry.field(description="Who is calling, what they may do, and for whom.")
    async def viewer(self, info: Info) -> Viewer:
        """The caller."""
        return Viewer.of(await show_viewer(info.context.deps, info.context.principal))

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
            case ["Token", token_id]:
                return await _token(info, token_id)
            case ["AuditRecord", record_id]:
                return await _audit_record(info, record_id)
            case ["Session", session_id]:
                return await _session(info, session_id)
            case [kind, server_name, username, *key] if kind in ENTRIES:
                return await _entry(info, kind, ForUser(server_name, username), "\0".join(key))
            case _:
                return None


async def _server(info: Info, name: str) -> ServerType | None:
    server = await info.context.loaders.servers.load(name)
    return None if server is None else ServerType.of(info.context, server)


async def _tool(info: Info, server_name: str, name: str) -> ToolType | None:
    server = await info.context.loaders.servers.load(server_name)
    tool = None if server is None else find_tool_of(server, name)
    return None if server is None or tool is None else ToolType.of(server, tool)


async def _secret(info: Info, username: str, server_name: str, name: str) -> SecretType | None:
    context = info.context
    is_shared = username == SHARED
    place = Place(
        server_name=server_name,
        name=name,
        username=None if is_shared else username,
        is_shared=is_shared,
    )
    secret = await find_secret(context.deps, context.principal, place)
    return None if secret is None else SecretType.of(secret)


async def _token(info: Info, token_id: str) -> TokenType | None:
    token = await find_token(info.context.deps, info.context.principal, token_id)
    return None if token is None else TokenType.of(token)


async def _audit_record(info: Info, record_id: str) -> AuditRecordType | None:
    record = await find_audit(info.context.deps, info.context.principal, record_id)
    return None if record is None else AuditRecordType.of(record)


async def _session(info: Info, session_id: str) -> SessionType | None:
    view = await find_session(info.context.deps, info.context.principal, session_id)
    return None if view is None else SessionType.of(view)


async def _entry(
    info: Info, kind: str, whose: ForUser, key: str
) -> ResourceType | ResourceTemplateType | PromptType | None:
    listing, entry_type = ENTRIES[kind]
    context = info.context
    try:
        entry = await find_entry(context.deps, context.principal, whose, listing, key)
    except AppError as error:
        if error.code is ErrorCode.SERVER_NOT_FOUND:
            return None
        raise
    return None if entry is None else entry_type.of(whose, entry)
