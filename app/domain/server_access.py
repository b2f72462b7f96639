"""Who may see and call a server, and which of its tools, under which names."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from app.domain.errors import invalid
from app.domain.names import MAX_LIST, check_tool_name, check_username
from app.domain.tool import Tool


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAccess:
    """An operator's rules for one server; the tools are meant by the server's own names.

    Who: None for `users` and `groups` both means everybody; as soon as one is given, whoever is
    in neither is kept out, so an empty list keeps everybody out. What: `allowed_tools` None means
    all; a denied tool is denied though it be allowed; `renamed_tools` gives the new name of each.
    These hold for everybody, admins included.
    """

    users: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None
    allowed_tools: tuple[str, ...] | None = None
    denied_tools: tuple[str, ...] = ()
    renamed_tools: Mapping[str, str] = field(default_factory=dict)
    is_read_only: bool = False


OPEN = ServerAccess()


def admits(access: ServerAccess, username: str, groups: Collection[str]) -> bool:
    """Whether a user of those groups may see and call the server."""
    if access.users is None and access.groups is None:
        return True
    is_named = username in (access.users or ())
    return is_named or any(group in groups for group in access.groups or ())


def is_exposed(access: ServerAccess, tool: Tool) -> bool:
    """Whether anybody may see and call this tool of the server.

    Read-only goes by the server's own word, `readOnlyHint` (MCP spec, Tool Annotations); a tool
    that says nothing is taken to write.
    """
    if tool.name in access.denied_tools:
        return False
    if access.allowed_tools is not None and tool.name not in access.allowed_tools:
        return False
    if access.is_read_only and (tool.annotations or {}).get("readOnlyHint") is not True:
        return False
    renamed = access.renamed_tools
    # Another tool may have been given this one's name: calls of the name go there.
    return not renamed or tool.name in renamed or tool.name not in renamed.values()


def exposed_tools(access: ServerAccess, tools: Iterable[Tool]) -> list[Tool]:
    """The tools that may be seen and called, under the names to call them by."""
    return [rename_tool(access, tool) for tool in tools if is_exposed(access, tool)]


def rename_tool(access: ServerAccess, tool: Tool) -> Tool:
    """The tool under the name that clients know it by."""
    name = access.renamed_tools.get(tool.name, tool.name)
    return tool if name == tool.name else Tool(name, {**tool.raw, "name": name})


def own_tool_name(access: ServerAccess, shown: str) -> str | None:
    """The server's own name of the tool that clients know by that name; None for an old name."""
    renamed = access.renamed_tools
    if not renamed:
        return shown
    for own, new in renamed.items():
        if new == shown:
            return own
    return None if shown in renamed else shown


def check_access(access: ServerAccess) -> None:
    """Accept rules that can be followed.

    Raises:
        AppError: INVALID_INPUT.
    """
    for name, entries in (("users", access.users), ("groups", access.groups)):
        _check_length(entries or (), name)
        for entry in entries or ():
            check_username(entry)
    for name, tools in (
        ("allowedTools", access.allowed_tools or ()),
        ("deniedTools", access.denied_tools),
        ("renamedTools", access.renamed_tools),
        ("renamedTools", access.renamed_tools.values()),
    ):
        _check_length(tools, name)
        for index, tool in enumerate(tools):
            check_tool_name(tool, "access", name, str(index))
    if len(set(access.renamed_tools.values())) < len(access.renamed_tools):
        raise invalid("Two tools cannot have the same new name.", "access", "renamedTools")


def _check_length(entries: Collection[str], name: str) -> None:
    if len(entries) > 2 * MAX_LIST:
        raise invalid(f"{name} may have at most {2 * MAX_LIST} entries.", "access", name)
