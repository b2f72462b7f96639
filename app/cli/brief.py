"""What the parent tells a worker."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.mongo.process import ParentsMongod
from app.settings import Settings
from app.vault.keys import KeySource


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """With what a worker works; pickled through a pipe that nobody else can read.

    `life` tells this worker from every other process, `mark` what it starts from what others start.
    """

    settings: Settings
    folder: Path
    keys: Sequence[KeySource] = field(repr=False)
    admin_token: str | None = field(repr=False)
    mongod: ParentsMongod | None
    instance: str
    number: int
    life: str
    mark: str
