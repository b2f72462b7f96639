"""A tool as clients and models see it: without the arguments that secrets fill."""

from collections.abc import Iterable

from app.domain.tool import Tool


def hide_arguments(tool: Tool, targets: Iterable[str]) -> Tool:
    """The tool whose input schema does not ask for these arguments."""
    schema = tool.input_schema
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return tool
    hidden = {target for target in targets if target in properties}
    if not hidden:
        return tool
    shown: dict[str, object] = {
        **schema,
        "properties": {k: v for k, v in properties.items() if k not in hidden},
    }
    required = schema.get("required")
    if isinstance(required, list):
        shown["required"] = [name for name in required if name not in hidden]
    return Tool(tool.name, {**tool.raw, "inputSchema": shown})
