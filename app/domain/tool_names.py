"""Names of tools at the MCP endpoint, where all servers share one listing: `<server>__<tool>`."""

SEPARATOR = "__"


def join_tool_name(server_name: str, tool_name: str) -> str:
    """The name of a server's tool in the common listing."""
    return f"{server_name}{SEPARATOR}{tool_name}"


def split_tool_name(name: str) -> list[tuple[str, str]]:
    """Every (server, tool) that a common name could mean, the longest server name first.

    There is more than one only where a server or tool has two underscores in its own name.
    """
    parts = name.split(SEPARATOR)
    cuts = range(len(parts) - 1, 0, -1)
    pairs = [(SEPARATOR.join(parts[:cut]), SEPARATOR.join(parts[cut:])) for cut in cuts]
    return [(server, tool) for server, tool in pairs if server and tool]
