"""The MCP session registry: live connections to servers, each owned by one task."""
