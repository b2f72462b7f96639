"""A call that takes ten minutes and says that it is at work, through the running product."""

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.graphql_documents import ADD_SERVER, CALL_TOOL
from tests.product import Product
from tests.resolvers.sockets import events, subscribe
from tests.subjects import EVERYTHING

MINUTES = 10
PAUSE_SECONDS = 3
STEPS = MINUTES * 60 // PAUSE_SECONDS
TIMEOUT_SECONDS = 10
TOOL_CALL = """subscription ($input: CallToolInput!) {
  toolCall(input: $input) {
    __typename
    ... on ToolCallProgress { progress total }
    ... on ToolCallFinished { result { __typename ... on ToolResult { isError text } } }
  }
}"""

pytestmark = pytest.mark.soak


@pytest.fixture
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("long")).start()
    yield product
    product.stop()


def test_a_ten_minute_call_that_reports_progress_is_answered(product: Product) -> None:
    server = {
        "serverName": "s", "command": sys.executable, "args": ["-S", str(EVERYTHING)],
        "callTimeoutSeconds": TIMEOUT_SECONDS,
    }  # fmt: skip
    assert product.graphql(ADD_SERVER, input=server)["__typename"] == "Server"
    arguments = {"steps": STEPS, "pause": PAUSE_SECONDS}
    call = {"serverName": "s", "toolName": "count", "arguments": arguments}
    started = time.monotonic()
    with ThreadPoolExecutor(1) as pool, product.websocket() as socket:
        waiting = pool.submit(
            httpx.post,
            f"{product.address}/graphql",
            json={"query": CALL_TOOL, "variables": {"input": call}},
            timeout=None,
            trust_env=False,
        )
        subscribe(socket, "1", {"query": TOOL_CALL, "variables": {"input": call}})
        told = [event for event in events(socket) if event["__typename"] != "ToolCallLog"]
        answer = waiting.result(timeout=60).json()["data"]["callTool"]
    assert time.monotonic() - started >= MINUTES * 60
    assert told[0] == {"__typename": "ToolCallStarted"}
    assert told[1:-1] == [
        {"__typename": "ToolCallProgress", "progress": step, "total": STEPS}
        for step in range(1, STEPS + 1)
    ]
    result = {"__typename": "ToolResult", "isError": False, "text": f"counted to {STEPS}"}
    assert told[-1] == {"__typename": "ToolCallFinished", "result": result}
    assert {name: answer[name] for name in result} == result
