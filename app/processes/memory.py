"""How much memory a child and what it started hold."""

import contextlib


def resident_bytes(pid: int) -> int | None:
    """The resident set of the process and its descendants; None when it is gone.

    Looks through every process of the machine: call it in a thread.
    """
    import psutil  # noqa: PLC0415 - seldom needed, and slow to import

    try:
        child = psutil.Process(pid)
        family = [child, *child.children(recursive=True)]
    except psutil.Error:
        return None
    total = 0
    for process in family:
        with contextlib.suppress(psutil.Error):  # it has ended meanwhile
            total += process.memory_info().rss
    return total
