"""`kill -9` of the gateway and its guard: every server ends, and nothing else does."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.graphql_documents import ADD_SERVER
from tests.product import Product, eventually, read_proc
from tests.subjects import SUBJECT, recorded
from tests.waiting import is_alive

ENDED_SECONDS = 5.0
STUBBORN = [sys.executable, "-S", str(SUBJECT), "stubborn"]


@pytest.fixture
def lookalike() -> Iterator[int]:
    """A process with the command line of a server, which somebody else has started."""
    with subprocess.Popen(STUBBORN, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        yield process.pid
        process.kill()


def add(product: Product, command: str, *args: str, **more: Any) -> None:
    server = {"serverName": "s", "command": command, "args": args, **more}
    assert product.graphql(ADD_SERVER, input=server)["__typename"] == "Server"


def guard_of(product: Product) -> int:
    (pid,) = (p for p in product.processes() if b"guard_program.py" in read_proc(p, "cmdline"))
    return pid


def test_what_a_wrapper_started_ends_with_a_killed_gateway(
    product: Product, tmp_path: Path
) -> None:
    record, wrapper = tmp_path / "record.jsonl", tmp_path / "wrapper.sh"
    wrapper.write_text(
        "#!/bin/sh\n"
        f"sleep 600 </dev/null >/dev/null 2>&1 & echo '{{\"beside\": '$!'}}' >> {record}\n"
        f"echo '{{\"wrapper\": '$$'}}' >> {record}\n"
        f"{sys.executable} -S {SUBJECT} grandchild {record}\n"
        "exit 0\n"
    )
    add(product, "sh", str(wrapper))
    server = int(product.call("s", "pid"))
    family = [server, *(recorded(record, who) for who in ("wrapper", "beside", "grandchild"))]
    assert recorded(record, "wrapper") != server
    assert [is_alive(pid) for pid in family] == [True] * 4
    product.kill()
    eventually(lambda: not any(is_alive(pid) for pid in family), seconds=ENDED_SECONDS)
    eventually(lambda: not product.processes(), seconds=ENDED_SECONDS)


def test_every_users_own_session_ends_with_a_killed_gateway(product: Product) -> None:
    add(product, *STUBBORN, isolation="PER_USER")
    pids = {user: int(product.call("s", "pid", username=user)) for user in ("ada", "bob", "cy")}
    assert len(set(pids.values())) == 3
    product.kill()
    eventually(lambda: not any(map(is_alive, pids.values())), seconds=ENDED_SECONDS)
    eventually(lambda: not product.processes(), seconds=ENDED_SECONDS)


def test_a_leftover_of_an_earlier_life_ends_at_the_next_start_and_a_lookalike_lives(
    product: Product, lookalike: int
) -> None:
    add(product, *STUBBORN)
    leftover = int(product.call("s", "pid"))
    assert read_proc(leftover, "cmdline") == read_proc(lookalike, "cmdline")
    os.kill(guard_of(product), signal.SIGKILL)
    product.kill()
    assert leftover in product.processes()
    product.start()
    assert not is_alive(leftover)
    assert is_alive(lookalike)
    fresh = int(product.call("s", "pid"))
    assert fresh not in (leftover, lookalike)
    product.stop()
    assert is_alive(lookalike)
