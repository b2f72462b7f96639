"""The guard: a tiny process that ends every child when its gateway dies, however it dies.

Run as `python -I -S guard_program.py VARIABLE VALUE`. It reads `+PGID` and `-PGID` lines from
stdin; at end of file (the gateway is gone) it kills every process group still listed, and every
process with that value in that variable of its environment. Standard library only: it starts in
milliseconds and must never fail.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Collection

MARKER_VARIABLE = "MCP_API_INSTANCE"
# Tells what one of several workers has started from what the others have.
WORKER_VARIABLE = "MCP_API_WORKER"
# Tells the descendants of one child from those of another.
CHILD_VARIABLE = "MCP_API_CHILD"


def kill_group(pgid: int, number: int = signal.SIGKILL) -> bool:
    """Signal a whole process group; False when it no longer exists."""
    try:
        os.killpg(pgid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def find_carriers(variable: str, values: Collection[str]) -> list[int]:
    """The processes of this user with one of the values in that variable (Linux)."""
    wanted = {f"{variable}={value}".encode() for value in values}
    found: list[int] = []
    try:
        names = os.listdir("/proc")
    except OSError:
        return found
    for name in names:
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                environment = file.read()
        except OSError:
            continue
        if not wanted.isdisjoint(environment.split(b"\0")):
            found.append(int(name))
    return found


def kill_carriers(variable: str, values: Collection[str]) -> int:
    """End every such process; how many there were."""
    ended = 0
    for pid in find_carriers(variable, values):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
            ended += 1
    return ended


def find_marked(instance: str) -> list[int]:
    """The processes that this instance has started."""
    return find_carriers(MARKER_VARIABLE, (instance,))


def kill_marked(instance: str) -> int:
    """End every process started by this instance; how many there were."""
    return kill_carriers(MARKER_VARIABLE, (instance,))


def main(variable: str, value: str) -> None:
    """Keep the list until the gateway is gone, then end everything on it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin.buffer:
        sign, pgid = line[:1], int(line[1:])
        if sign == b"+":
            groups.add(pgid)
        else:
            groups.discard(pgid)
    for pgid in groups:
        kill_group(pgid)
    kill_carriers(variable, (value,))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
