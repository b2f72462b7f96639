"""The calls under way in this process."""

import asyncio
from dataclasses import dataclass


@dataclass(slots=True)
class RunningCall:
    """One call, and whether somebody has asked for its end."""

    username: str
    task: asyncio.Task[object]
    is_cancelled: bool = False
