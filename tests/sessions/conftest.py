"""A registry of live sessions that ends with its test."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.domain.seen_secrets import RecentSecrets
from app.domain.session import ListingChange, SessionView
from app.domain.tool import Tool
from app.processes.private_files import PrivateFiles
from app.processes.spawner import Spawner
from app.sessions.registry import SessionRegistry


@dataclass(frozen=True, slots=True)
class Heard:
    """The listings that sessions reported, by server and revision."""

    listings: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)
    changes: list[SessionView] = field(default_factory=list)
    listing_changes: list[ListingChange] = field(default_factory=list)

    async def on_tools(self, name: str, revision: str, tools: Sequence[Tool]) -> None:
        self.listings.append((name, revision, tuple(tool.name for tool in tools)))


@pytest.fixture
def seen() -> RecentSecrets:
    return RecentSecrets()


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def files(tmp_path: Path) -> PrivateFiles:
    return PrivateFiles(tmp_path / "secret-files")


@pytest.fixture
async def registry(
    spawner: Spawner, files: PrivateFiles, seen: RecentSecrets, heard: Heard
) -> AsyncIterator[SessionRegistry]:
    registry = SessionRegistry(
        spawner=spawner,
        files=files,
        seen=seen,
        on_tools=heard.on_tools,
        on_change=heard.changes.append,
        on_listing=heard.listing_changes.append,
    )
    yield registry
    await registry.close()
