"""Control groups are made where they can be, and nothing is left of them."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.slow_cores import PREFIX, CannotSlow, slowed


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process that waits for its stdin to end, if processes can be slowed here."""
    command = [sys.executable, "-S", "-c", "import sys; sys.stdin.read()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        try:
            with slowed([process.pid], 0.5):
                pass
        except CannotSlow as problem:
            pytest.skip(str(problem))
        yield process


def groups_of(process: subprocess.Popen[bytes]) -> str:
    return Path(f"/proc/{process.pid}/cgroup").read_text(encoding="ascii")


def test_a_process_is_slowed_for_as_long_as_it_is_measured(child: subprocess.Popen[bytes]) -> None:
    before = groups_of(child)
    with slowed([child.pid], 0.25):
        assert f"/{PREFIX}{child.pid}" in groups_of(child)
    assert groups_of(child) == before
    assert no_group_is_left(child)


def test_a_failure_leaves_no_group(child: subprocess.Popen[bytes]) -> None:
    before = groups_of(child)
    with pytest.raises(ZeroDivisionError), slowed([child.pid], 0.25):
        raise ZeroDivisionError
    assert groups_of(child) == before
    assert no_group_is_left(child)


def test_a_process_that_ended_meanwhile_is_told(child: subprocess.Popen[bytes]) -> None:
    with pytest.raises(RuntimeError, match="has ended"), slowed([child.pid], 0.25):
        child.communicate()
    assert no_group_is_left(child)


def no_group_is_left(process: subprocess.Popen[bytes]) -> bool:
    return not [*Path("/sys/fs/cgroup").glob(f"*/{PREFIX}{process.pid}")]
