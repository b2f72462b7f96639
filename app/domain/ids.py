"""Names for what is at work in this process: unique, but no secret to anybody."""

from itertools import count
from uuid import uuid4

# What is counted has 12 digits from the beginning, and for centuries.
_first, _second = uuid4().hex[:20], count(16**11 + int(uuid4().hex[:10], 16))


def new_id() -> str:
    """32 hexadecimal digits that no other id has.

    Asking the kernel for random bytes each time costs more than all else that names a call. What
    nobody may guess is made by `secrets` or `uuid4`.
    """
    return f"{_first}{next(_second):x}"
