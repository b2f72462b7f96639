"""What a serving process holds from its start to its end."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.mongo.process import MongodProcess
from app.processes.guard import Guard
from app.settings import Settings
from app.vault.keys import KeySource


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """The locked data folder and what goes with it; the listener is bound, and not heard yet."""

    settings: Settings
    folder: Path
    guard: Guard
    keys: Sequence[KeySource] = field(repr=False)
    admin_token: str | None = field(repr=False)
    mongod: MongodProcess | None
    listener: socket.socket
