"""Giving processes a part of a core each, by Linux's control groups (version 1 or 2)."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

# Short, so that who has used up a period's share waits for a few milliseconds only.
PERIOD_MICROSECONDS = 10_000
MOUNT = Path("/sys/fs/cgroup")
V1 = MOUNT / "cpu"
PREFIX = "mcp-api-bench-"


class CannotSlow(Exception):
    """Control groups cannot be made here."""


@contextlib.contextmanager
def slowed(pids: Sequence[int], share: float) -> Iterator[None]:
    """Each process has no more than that share of a core; what it has started before has no limit.

    Raises:
        CannotSlow: This machine, or user, has no control groups to make.
        RuntimeError: A process started another meanwhile, which was slowed with it.
    """
    with contextlib.ExitStack() as stack:
        for pid in pids:
            stack.enter_context(_group(pid, share))
        yield


@contextlib.contextmanager
def _group(pid: int, share: float) -> Iterator[None]:
    root = V1 if V1.is_dir() else MOUNT
    home = root / _path(pid, "cpu" if root == V1 else "")
    group = root / f"{PREFIX}{pid}"
    try:
        group.mkdir()
    except OSError as problem:
        raise CannotSlow(f"no control group can be made in {root}") from problem
    try:
        _put(pid, group, int(share * PERIOD_MICROSECONDS))
        yield
        if _members(group) != [pid]:
            raise RuntimeError(f"process {pid} has ended, or started another")
    finally:
        for member in _members(group):
            with contextlib.suppress(ProcessLookupError):
                _move(member, home)
        group.rmdir()


def _path(pid: int, controller: str) -> str:
    """Where a process is in the hierarchy of a controller; version 2 has one for all."""
    for line in Path(f"/proc/{pid}/cgroup").read_text(encoding="ascii").splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            return path.lstrip("/")
    raise CannotSlow(f"process {pid} is in no control group")


def _put(pid: int, group: Path, quota: int) -> None:
    v1 = {"cpu.cfs_period_us": str(PERIOD_MICROSECONDS), "cpu.cfs_quota_us": str(quota)}
    v2 = {"cpu.max": f"{quota} {PERIOD_MICROSECONDS}"}
    try:
        for name, value in (v1 if group.parent == V1 else v2).items():
            (group / name).write_text(value, encoding="ascii")
        _move(pid, group)
    except OSError as problem:
        raise CannotSlow(f"{group} does not limit CPU") from problem


def _move(pid: int, group: Path) -> None:
    (group / "cgroup.procs").write_text(str(pid), encoding="ascii")


def _members(group: Path) -> list[int]:
    return [*map(int, (group / "cgroup.procs").read_text(encoding="ascii").split())]
