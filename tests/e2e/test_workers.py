"""`serve --workers 2`: two processes on one port and one data folder, and what holds them together."""

import contextlib
import os
import re
import signal
import sys
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
from websockets.sync.client import ClientConnection

from tests.graphql_documents import (
    ADD_SERVER,
    CALL_TOOL,
    CANCEL_TOOL_CALL,
    INSTALL_PACKAGE,
    PROGRESS,
    TOOL_CALL,
)
from tests.product import Product, eventually, read_proc
from tests.resolvers.sockets import events, subscribe
from tests.subjects import EVERYTHING, FINGERPRINT
from tests.waiting import is_alive

ENDED_SECONDS = 5.0


class Line:
    """A WebSocket, which stays with the worker that has accepted it."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._operations = 0

    def follow(self, query: str, **variables: object) -> Iterator[Any]:
        """What an operation gives."""
        self._operations += 1
        name = str(self._operations)
        subscribe(self.socket, name, {"query": query, "variables": variables})
        return events(self.socket, name)

    def ask(self, query: str, **variables: object) -> Any:
        """The one answer to a query or mutation."""
        (answer,) = self.follow(query, **variables)
        return answer

    def call(self, server: str, tool: str) -> str:
        result = self.ask(CALL_TOOL, input={"serverName": server, "toolName": tool})
        assert result["__typename"] == "ToolResult", result
        return str(result["text"])


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("w"), WORKERS="2").start()
    product.add_fingerprint("fp")
    yield product
    if product.is_running:
        product.stop()


@pytest.fixture
def lines(product: Product) -> Iterator[tuple[Line, Line]]:
    """A line to each worker."""
    with contextlib.ExitStack() as stack:
        found: dict[str, Line] = {}
        while len(found) < 2:
            line = Line(stack.enter_context(product.websocket()))
            found.setdefault(line.call("fp", "pid"), line)
        here, there = found.values()
        yield here, there


def workers(product: Product) -> list[int]:
    return [p for p in product.processes() if b"app.cli.worker" in read_proc(p, "cmdline")]


def parent_of(pid: int) -> int:
    return psutil.Process(pid).ppid()


def test_each_of_two_workers_answers_and_says_in_the_log_which_it_is(
    product: Product, lines: tuple[Line, Line]
) -> None:
    servers = [int(line.call("fp", "pid")) for line in lines]
    assert {parent_of(pid) for pid in servers} == {*workers(product)}
    assert "  Workers:        2 processes\n" in product.output()
    assert {*re.findall(r"INFO (worker-\d) app\.", product.output())} == {
        "worker-1", "worker-2",
    }  # fmt: skip


def test_connections_are_shared_out_evenly(product: Product) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(16):
            stack.enter_context(product.websocket())
        taken = [len(psutil.Process(pid).net_connections("tcp")) for pid in workers(product)]
    assert min(taken) > 4, taken


def test_a_server_added_through_one_worker_is_called_through_the_other(
    lines: tuple[Line, Line],
) -> None:
    here, there = lines
    command = {"command": sys.executable, "args": ["-S", str(FINGERPRINT)]}
    added = here.ask(ADD_SERVER, input={"serverName": "new", **command})
    assert added["__typename"] == "Server"
    assert here.call("new", "pid") != eventually(lambda: there.call("new", "pid"))


def test_a_call_in_one_worker_is_cancelled_through_the_other(lines: tuple[Line, Line]) -> None:
    here, there = lines
    command = {"command": sys.executable, "args": ["-S", str(EVERYTHING)]}
    assert here.ask(ADD_SERVER, input={"serverName": "calls", **command})["__typename"] == "Server"
    told = here.follow(TOOL_CALL, input={"serverName": "calls", "toolName": "wait"})
    call_id = next(told)["callId"]
    assert next(told)["__typename"] == "ToolCallProgress"
    asked = {"callId": f"{call_id[:-1]}{'0' if call_id[-1] == '1' else '1'}"}
    assert there.ask(CANCEL_TOOL_CALL, input=asked)["code"] == "CALL_NOT_FOUND"
    answer = there.ask(CANCEL_TOOL_CALL, input={"callId": call_id})
    assert answer == {"__typename": "CancelledToolCall", "callId": call_id}
    (last,) = told
    assert last["result"]["code"] == "CALL_CANCELLED"


def test_an_install_in_one_worker_is_followed_and_called_in_the_other(
    lines: tuple[Line, Line],
) -> None:
    here, there = lines
    steps = there.follow(PROGRESS, serverName="hello")
    package = {"packageName": "mcp-hello-world", "version": "1.1.2", "serverName": "hello"}
    installed = here.ask(INSTALL_PACKAGE, input=package)
    assert installed["__typename"] == "InstalledPackage", installed
    phases = []
    for step in steps:
        phases.append(step["phase"])
        if phases[-1] == "DONE":
            break
    assert phases[0] == "RESOLVING"
    tools = there.ask('{ server(serverName: "hello") { package { status } status } }')
    assert tools["package"]["status"] == "INSTALLED"


def test_a_killed_worker_is_replaced_its_servers_end_and_the_other_one_answers(
    product: Product, lines: tuple[Line, Line]
) -> None:
    here, there = lines
    server, other = int(here.call("fp", "pid")), int(there.call("fp", "pid"))
    killed, kept = parent_of(server), parent_of(other)
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: not is_alive(server), seconds=ENDED_SECONDS)
    assert int(there.call("fp", "pid")) == other
    eventually(lambda: len({*workers(product)} - {killed, kept}) == 1)
    eventually(lambda: other_than(product, {server, other}))
    assert re.search(
        rf"Worker \d \(process {killed}\) ended unexpectedly: signal 9; it is started again in",
        product.output(),
    )
    assert is_alive(kept)


def other_than(product: Product, known: set[int]) -> bool:
    """Whether a new connection can reach a worker whose server is a new one."""
    with product.websocket() as socket:
        return int(Line(socket).call("fp", "pid")) not in known


def test_nothing_is_left_of_a_killed_parent_and_all_end_with_one_signal(product: Product) -> None:
    product.call("fp", "pid")
    assert len(product.processes()) >= 6  # mongod, two workers, three guards
    product.kill()
    eventually(lambda: not product.processes(), seconds=ENDED_SECONDS)
    product.start()
    assert product.call("fp", "pid")
    product.stop()


@pytest.mark.soak
def test_workers_end_by_themselves_when_their_guard_was_killed_before_their_parent(
    product: Product,
) -> None:
    if not product.is_running:
        product.start()
    guards = [p for p in product.processes() if b"guard_program.py" in read_proc(p, "cmdline")]
    for guard in guards:
        os.kill(guard, signal.SIGKILL)
    product.kill()
    eventually(lambda: not workers(product), seconds=ENDED_SECONDS)
    product.start()
    assert product.call("fp", "pid")
