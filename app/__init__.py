"""MCP API: many users, many MCP servers, one HTTP door for GraphQL, REST and MCP."""

__version__ = "0.1.0"
