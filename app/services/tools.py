"""Tools, as their servers listed them last."""

from collections.abc import AsyncIterator, Collection

from app.domain.delivery import Delivery
from app.domain.errors import AppError, ErrorCode, invalid
from app.domain.hidden_arguments import hide_arguments
from app.domain.names import check_server_name
from app.domain.page import MAX_PAGE, Page, PageRequest, check_page, cut_page
from app.domain.principal import Principal
from app.domain.server import Server
from app.domain.tool import Tool
from app.domain.tool_names import split_tool_name
from app.services.deps import Deps
from app.services.paging import every
from app.services.servers import get_server


async def list_tools(
    deps: Deps, *, server_name: str | None, page: PageRequest, caller: Principal | None = None
) -> Page[tuple[Server, Tool]]:
    """Tools of enabled servers by server and name; the cursor is `server tool`.

    For a caller, also the arguments that the caller's undeclared secrets fill are left out.

    Raises:
        AppError: INVALID_INPUT or SERVER_NOT_FOUND.
    """
    check_page(page)
    after_server, blank, after_tool = (page.after or " ").partition(" ")
    if not blank:
        raise invalid("after is not a cursor of this listing.", "after")
    names = {} if caller is None else await deps.secrets.names_applying(caller.subject)
    found: list[tuple[Server, Tool]] = []
    async for server in _tool_servers(deps, server_name):
        if server.name < after_server:
            continue
        for tool in _sorted(shown_tools(server, names.get(server.name, ()))):
            if server.name > after_server or tool.name > after_tool:
                found.append((server, tool))
        if len(found) > page.first:
            break
    return cut_page(found, page.first)


async def list_all_tools(
    deps: Deps, caller: Principal, server_name: str | None = None
) -> list[tuple[Server, Tool]]:
    """The caller's tools, of one server or of all, by server and name.

    Raises:
        AppError: INVALID_INPUT or SERVER_NOT_FOUND.
    """
    found: list[tuple[Server, Tool]] = []
    after: str | None = None
    while True:
        request = PageRequest(MAX_PAGE, after)
        page = await list_tools(deps, server_name=server_name, page=request, caller=caller)
        found += page.items
        if not page.has_next:
            return found
        server, tool = found[-1]
        after = f"{server.name} {tool.name}"


async def resolve_tool_name(deps: Deps, name: str) -> tuple[str, str]:
    """The server and tool behind a name of the common listing.

    Of several readings the one whose server lists such a tool wins, else the first that names
    a server at all.

    Raises:
        AppError: TOOL_NOT_FOUND.
    """
    readings = split_tool_name(name)
    servers = await deps.servers.find_many([server for server, _ in readings])
    known = [(server, tool) for server, tool in readings if server in servers]
    listed = [(s, t) for s, t in known if find_tool_of(servers[s], t) is not None]
    for reading in (*listed, *known):
        return reading
    raise AppError(
        ErrorCode.TOOL_NOT_FOUND,
        f"There is no tool named {name[:200]!r}.",
        path=("name",),
        hint="List the tools to see which there are.",
    )


def shown_tools(server: Server, secret_names: Collection[str] = ()) -> list[Tool]:
    """A server's tools in its order, without the arguments that secrets fill.

    Those are the declared ones, and of `secret_names` those that are not declared.
    """
    declared = server.settings.secrets
    known = {binding.name for binding in declared}
    filled = {b.target for b in declared if b.delivery is Delivery.ARGUMENT}
    filled |= {name for name in secret_names if name not in known}
    return [hide_arguments(tool, filled) for tool in server.tools]


def page_tools_of(server: Server, page: PageRequest) -> Page[Tool]:
    """One server's tools by name.

    Raises:
        AppError: INVALID_INPUT.
    """
    check_page(page)
    tools = _sorted(shown_tools(server))
    return cut_page([t for t in tools if page.after is None or t.name > page.after], page.first)


def find_tool_of(server: Server, name: str) -> Tool | None:
    """One server's tool of that name, as listed last."""
    return next((tool for tool in shown_tools(server) if tool.name == name), None)


def _sorted(tools: list[Tool]) -> list[Tool]:
    return sorted(tools, key=lambda tool: tool.name)


async def _tool_servers(deps: Deps, server_name: str | None) -> AsyncIterator[Server]:
    if server_name is not None:
        check_server_name(server_name, "serverName")
        yield await get_server(deps, server_name)
        return
    async for server in every(deps.servers.list_page, lambda s: s.name):
        if server.settings.is_enabled:
            yield server
