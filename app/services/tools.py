"""Tools, as their servers listed them last."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence

from app.domain.delivery import Delivery
from app.domain.errors import AppError, ErrorCode, invalid
from app.domain.hidden_arguments import hide_arguments
from app.domain.page import MAX_PAGE, Page, PageRequest, check_page, cut_page
from app.domain.policy import Action
from app.domain.principal import Principal
from app.domain.server import Server
from app.domain.server_access import exposed_tools
from app.domain.tool import Tool
from app.domain.tool_names import split_tool_name
from app.services.access import Operation, may_see, operation
from app.services.deps import Deps
from app.services.paging import every
from app.services.servers import get_server


async def list_tools(
    deps: Deps,
    caller: Principal,
    *,
    server_name: str | None,
    page: PageRequest,
    fills_secrets: bool = False,
) -> Page[tuple[Server, Tool]]:
    """Tools of the enabled servers that the caller may use; the cursor is `server tool`.

    They are ordered by server and name. With `fills_secrets`, also the arguments that the
    caller's undeclared secrets fill are left out.

    Raises:
        AppError: FORBIDDEN, INVALID_INPUT or SERVER_NOT_FOUND.
    """
    async with operation(deps, caller, Action.LIST_TOOLS, server_name=server_name) as allowed:
        check_page(page)
        names = await deps.secrets.names_applying(caller.subject) if fills_secrets else {}
        return await _list_tools(_tool_servers(deps, allowed), page, names)


async def list_tools_by_server(deps: Deps, caller: Principal) -> list[tuple[Server, list[Tool]]]:
    """Every enabled server that the caller may use, by name, with its tools in its own order.

    Raises:
        AppError: FORBIDDEN.
    """
    async with operation(deps, caller, Action.LIST_TOOLS) as allowed:
        return [(server, shown_tools(server)) async for server in _tool_servers(deps, allowed)]


async def _list_tools(
    servers: AsyncIterator[Server], page: PageRequest, names: Mapping[str, Sequence[str]]
) -> Page[tuple[Server, Tool]]:
    after_server, blank, after_tool = (page.after or " ").partition(" ")
    if not blank:
        raise invalid("after is not a cursor of this listing.", "after")
    found: list[tuple[Server, Tool]] = []
    async for server in servers:
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
    """The caller's tools, of one server or of all, without the arguments that secrets fill.

    Raises:
        AppError: FORBIDDEN, INVALID_INPUT or SERVER_NOT_FOUND.
    """
    found: list[tuple[Server, Tool]] = []
    after: str | None = None
    while True:
        request = PageRequest(MAX_PAGE, after)
        page = await list_tools(
            deps, caller, server_name=server_name, page=request, fills_secrets=True
        )
        found += page.items
        if not page.has_next:
            return found
        server, tool = found[-1]
        after = f"{server.name} {tool.name}"


async def resolve_tool_name(deps: Deps, caller: Principal, name: str) -> tuple[str, str]:
    """The server and tool behind a name of the common listing.

    Of several readings the one whose server lists such a tool wins, else the first that names
    a server at all.

    Raises:
        AppError: FORBIDDEN or TOOL_NOT_FOUND.
    """
    readings = split_tool_name(name)
    async with operation(deps, caller, Action.LIST_TOOLS):
        found = await deps.servers.find_many([server for server, _ in readings])
    servers = {name: server for name, server in found.items() if may_see(caller, server)}
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
    """The tools that its operator exposes, in its order, without arguments that secrets fill.

    Those are the declared ones, and of `secret_names` those that are not declared.
    """
    declared = server.settings.secrets
    known = {binding.name for binding in declared}
    filled = {b.target for b in declared if b.delivery is Delivery.ARGUMENT}
    filled |= {name for name in secret_names if name not in known}
    exposed = exposed_tools(server.settings.access, server.tools)
    return [hide_arguments(tool, filled) for tool in exposed]


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


async def _tool_servers(deps: Deps, allowed: Operation) -> AsyncIterator[Server]:
    if allowed.server_name is not None:
        yield allowed.admit(await get_server(deps, allowed.server_name))
        return
    async for server in every(deps.servers.list_page, lambda s: s.name):
        if server.settings.is_enabled and may_see(allowed.caller, server):
            yield server
