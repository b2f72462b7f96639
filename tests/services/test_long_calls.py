"""Calls that take much longer than a call may be silent."""

import time

from app.domain.call import ToolCall
from app.services.calls import call_tool
from tests.services.conftest import OPERATOR, World, add, until_started
from tests.subjects import EVERYTHING, text_of

TIMEOUT_SECONDS = 1
STEPS, PAUSE_SECONDS = 20, 0.3


async def test_a_call_that_reports_progress_outlives_its_timeout_many_times(world: World) -> None:
    await add(world, "s", EVERYTHING, call_timeout_seconds=TIMEOUT_SECONDS)
    await until_started(world, "s")
    arguments = {"steps": STEPS, "pause": PAUSE_SECONDS}
    call = ToolCall(server_name="s", tool_name="count", arguments=arguments)
    started = time.monotonic()
    outcome = await call_tool(world.deps, OPERATOR, call)
    assert text_of(outcome.raw) == f"counted to {STEPS}"
    assert time.monotonic() - started >= STEPS * PAUSE_SECONDS
