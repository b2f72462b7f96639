"""The MCP door: one endpoint behind which a user finds the tools of all servers."""
