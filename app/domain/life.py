"""Lives: one process from its start to its end, told from every other one by a text.

`run.number.id`: the run began with the process that holds the data folder; the number is that of
the worker in it, from 1.
"""

from functools import lru_cache
from hashlib import blake2s
from uuid import uuid4

from app.domain.ids import new_id


def new_run() -> str:
    """A run that begins now."""
    return uuid4().hex


def new_life(run: str, number: int) -> str:
    """The life of a worker that begins now, in that run."""
    return f"{run}.{number}.{uuid4().hex}"


def is_earlier_life(theirs: str, mine: str) -> bool:
    """Whether a life on my own data folder is certainly over.

    The folder is locked by my run, so every other run is over; and of each worker of my run only
    one life is at work at a time.
    """
    if theirs == mine:
        return False
    (run, number), (my_run, my_number) = _place(theirs), _place(mine)
    return run != my_run or number == my_number


def _place(life: str) -> tuple[str, str]:
    run, _, rest = life.partition(".")
    return run, rest.partition(".")[0]


@lru_cache(maxsize=256)
def call_prefix(life: str) -> str:
    """How the ids of a process's calls begin, so that another one knows whom to ask."""
    return blake2s(life.encode(), digest_size=4).hexdigest()


def new_call_id(life: str) -> str:
    """An id for a call in that process: 32 hex digits."""
    return f"{call_prefix(life)}{new_id()[8:]}"
