"""Servers and tools, filtered and in order."""

from dataclasses import dataclass

from app.domain.errors import invalid
from app.domain.order import Order, OrderField, contains, page_in_order, time_key
from app.domain.page import Page, PageRequest, check_page, cut_page
from app.domain.principal import Principal
from app.domain.server import Server, ServerStatus, Transport
from app.domain.tool import Tool
from app.services.deps import Deps
from app.services.servers import list_all_servers, list_servers
from app.services.tools import list_tools_by_server


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFilter:
    """Which servers are meant; None means any."""

    name_contains: str | None = None
    is_enabled: bool | None = None
    transport: Transport | None = None
    status: ServerStatus | None = None
    is_packaged: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFilter:
    """Which tools are meant; None means any. The text is looked for in name, title, description."""

    server_name: str | None = None
    text: str | None = None
    is_read_only: bool | None = None


async def find_server_page(
    deps: Deps, caller: Principal, only: ServerFilter, order: Order, page: PageRequest
) -> Page[Server]:
    """The servers that the caller may see, filtered, in order.

    Raises:
        AppError: FORBIDDEN or INVALID_INPUT.
    """
    if only == ServerFilter() and order == Order():
        return await list_servers(deps, caller, page)  # read no further than the page goes
    check_page(page)
    servers = await list_all_servers(deps, caller)
    found = [server for server in servers if _is_meant(deps, server, only)]
    return page_in_order(found, page, lambda s: server_key(s, order), order.direction)


def server_key(server: Server, order: Order) -> str:
    """Where a server stands in that order."""
    match order.field:
        case OrderField.NAME:
            return server.name
        case OrderField.CREATED_AT:
            return time_key(server.created_at, server.name)
        case OrderField.UPDATED_AT:
            return time_key(server.updated_at, server.name)


async def find_tool_page(
    deps: Deps, caller: Principal, only: ToolFilter, page: PageRequest
) -> Page[tuple[Server, Tool]]:
    """Tools of the enabled servers that the caller may use, filtered, by server and name.

    Raises:
        AppError: FORBIDDEN or INVALID_INPUT.
    """
    check_page(page)
    after_server, blank, after_tool = (page.after or " ").partition(" ")
    if not blank:
        raise invalid("after is not a cursor of this listing.", "after")
    found = [
        (server, tool)
        for server, tools in await list_tools_by_server(deps, caller)
        if only.server_name in (None, server.name)
        for tool in sorted(tools, key=lambda t: t.name)
        if (server.name, tool.name) > (after_server, after_tool) and _is_wanted(tool, only)
    ]
    return cut_page(found, page.first)


def _is_meant(deps: Deps, server: Server, only: ServerFilter) -> bool:
    settings = server.settings
    is_packaged = server.install_id is not None
    return (
        contains(only.name_contains, server.name, settings.display_name)
        and only.is_enabled in (None, settings.is_enabled)
        and only.transport in (None, settings.transport)
        and only.is_packaged in (None, is_packaged)
        and only.status in (None, deps.sessions.status(server.name, server.revision))
    )


def _is_wanted(tool: Tool, only: ToolFilter) -> bool:
    is_read_only = (tool.annotations or {}).get("readOnlyHint") is True
    return contains(only.text, tool.name, tool.title, tool.description) and (
        only.is_read_only in (None, is_read_only)
    )
