"""The client under test in MCP's conformance suite: our sessions, told what to do by the scenario.

`client.py URL`: the scenario's name comes in MCP_CONFORMANCE_SCENARIO, and what it wants called
in MCP_CONFORMANCE_CONTEXT (a JSON object), where it wants anything.
"""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).parents[2]))

from app.domain.launch import HttpLaunch
from app.domain.outbound import Reach
from app.domain.seen_secrets import RecentSecrets
from app.domain.session import ListingKind, SessionKey, SessionPlan
from app.domain.tool import Tool
from app.processes.guard import Guard
from app.processes.private_files import PrivateFiles
from app.processes.spawner import Spawner
from app.sessions.live import LiveSession
from app.sessions.registry import SessionRegistry

STARTUP_SECONDS = 20.0


async def call_every_tool(session: LiveSession) -> None:
    """Every tool that is offered, with arguments as its schema wants them."""
    for tool in [*session.tools.values()]:
        await session.call_tool(tool.name, arguments_for(tool))


async def call_what_is_wanted(session: LiveSession) -> None:
    for call in json.loads(os.environ["MCP_CONFORMANCE_CONTEXT"])["toolCalls"]:
        await session.call_tool(call["name"], call["arguments"])


async def use_everything(session: LiveSession) -> None:
    await call_every_tool(session)
    for resource in await session.list_entries(ListingKind.RESOURCES):
        await session.request("resources/read", {"uri": resource["uri"]})
    for prompt in await session.list_entries(ListingKind.PROMPTS):
        await session.request("prompts/get", {"name": prompt["name"]})


async def ask_in_between(session: LiveSession) -> None:
    """A call that is asked for input, while another one is made."""
    asked = asyncio.create_task(session.call_tool("test_mrtr_echo_state", {}))
    await session.call_tool("test_mrtr_unrelated", {})
    await asked
    await session.call_tool("test_mrtr_no_state", {})
    await session.call_tool("test_mrtr_no_result_type", {})


async def send_a_schema_back(session: LiveSession) -> None:
    schema = session.tools["json_schema_2020_12_tool"].input_schema
    await session.call_tool("json_schema_echo", {"schema": schema})


SCENARIOS: dict[str, Callable[[LiveSession], Awaitable[None]]] = {
    "http-custom-headers": call_what_is_wanted,
    "http-standard-headers": use_everything,
    "sep-2322-client-request-state": ask_in_between,
    "json-schema-2020-12-preservation": send_a_schema_back,
}


def arguments_for(tool: Tool) -> dict[str, object]:
    """The simplest arguments that the tool's schema allows."""
    values: dict[object, object] = {"string": "text", "number": 1.5, "integer": 1, "boolean": True}
    values |= {"object": {}, "array": []}
    schema = tool.input_schema
    properties, required = schema.get("properties"), schema.get("required")
    if not isinstance(properties, dict) or not isinstance(required, list):
        return {}
    return {name: values.get(properties.get(name, {}).get("type")) for name in required}


async def ignore_tools(name: str, revision: str, tools: Sequence[Tool]) -> None:
    """A listing is kept nowhere here."""


async def main(url: str) -> None:
    guard = Guard(uuid4().hex)
    files = PrivateFiles(Path(tempfile.gettempdir(), guard.instance))
    registry = SessionRegistry(
        spawner=Spawner(guard), files=files, seen=RecentSecrets(), on_tools=ignore_tools
    )
    launch = HttpLaunch(
        url=url, headers={}, startup_timeout_seconds=STARTUP_SECONDS, reach=Reach.PRIVATE
    )
    plan = SessionPlan(key=SessionKey("conformance", "r"), launch=launch)
    act = SCENARIOS.get(os.environ["MCP_CONFORMANCE_SCENARIO"], call_every_tool)
    try:
        async with registry.use(plan) as session:
            await act(session)
    finally:
        await registry.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
