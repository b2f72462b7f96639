"""A stop is clean, whatever is under way and however often it is asked for."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.product import JSON, ROOT, Product, eventually
from tests.resolvers.sockets import subscribe

CALLERS = 8
SLOW = {"serverName": "fp", "methodName": "slow", "args": {"seconds": 30}}
WATCH = "subscription { serverChanged { serverName } }"
CALL = """mutation { callTool(input: {serverName: "fp", toolName: "slow",
  arguments: {seconds: 30}}) { __typename } }"""


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    product = Product(tmp_path).start()
    product.add_fingerprint("fp")
    assert product.call("fp", "pid")
    yield product
    if product.is_running:
        product.kill()


def test_a_stop_under_load_is_clean_and_loses_no_record_also_when_asked_for_twice(
    product: Product,
) -> None:
    answered: list[str] = []
    with ThreadPoolExecutor(CALLERS) as pool:
        callers = [pool.submit(call_until_it_stops, product.address, answered) for _ in range(8)]
        eventually(lambda: len(answered) > 10 * CALLERS)
        os.kill(product.pid, signal.SIGTERM)
        product.interrupt()
        product.wait_until_stopped()
        for caller in callers:
            caller.result()
    assert_quiet(product.output())
    recorded = {record["request_id"] for record in records(product)}
    assert {*answered} - recorded == set()


def call_until_it_stops(address: str, answered: list[str]) -> None:
    body = json.dumps({"serverName": "fp", "methodName": "pid"})
    with httpx.Client(base_url=address, trust_env=False, timeout=30) as client:
        while True:
            try:
                answer = client.post("/mcp/tool/call", content=body, headers=JSON)
            except httpx.TransportError:
                return
            if answer.is_success:
                answered.append(answer.headers["x-request-id"])


def test_whoever_waits_at_a_stop_is_told_so_and_on_record(product: Product) -> None:
    with ThreadPoolExecutor(2 * CALLERS + 1) as pool, product.websocket() as socket:
        calls = [pool.submit(product.rest, "POST", "/mcp/tool/call", SLOW) for _ in range(CALLERS)]
        calls += [
            pool.submit(product.rest, "POST", "/graphql", {"query": CALL}) for _ in range(CALLERS)
        ]
        watching = threading.Event()
        stream = pool.submit(watch, product.address, watching)
        subscribe(socket, "1", {"query": WATCH})
        assert watching.wait(20)
        eventually(lambda: at_work(product) == 2 * CALLERS)
        product.interrupt()
        assert {call.result().status_code for call in calls} == {503}
        stream.result()
        product.wait_until_stopped()
    said = product.output()
    assert_quiet(said)
    assert "requests were not finished; their callers are told so." in said
    outcomes = Counter(record["outcome"] for record in records(product))
    assert outcomes == {"OK": 1, "SHUTTING_DOWN": 2 * CALLERS}


def watch(address: str, watching: threading.Event) -> None:
    """Read a stream of events until it ends."""
    headers = {"Accept": "text/event-stream", **JSON}
    with (
        httpx.Client(base_url=address, trust_env=False, timeout=30) as client,
        client.stream("POST", "/graphql", json={"query": WATCH}, headers=headers) as answer,
    ):
        watching.set()
        try:
            for _ in answer.iter_lines():
                pass
        except httpx.RemoteProtocolError:
            return


def at_work(product: Product) -> int:
    """The calls that the server has been asked for and has not answered."""
    nodes = product.graphql("{ sessions { nodes { callsInFlight } } }")["nodes"]
    return sum(int(node["callsInFlight"]) for node in nodes)


def assert_quiet(said: str) -> None:
    for word in ("Traceback", "ERROR", "WARNING", "Cancel "):
        assert word not in said, said[-3000:]


def records(product: Product) -> list[dict[str, str]]:
    done = subprocess.run(
        [sys.executable, "-m", "app", "audit", "export", "--action", "call_tool"],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "DATA_DIR": str(product.data_dir)},
        cwd=product.data_dir.parent, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()]
