"""Calling the servers of tests/servers/odd.py."""

from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import AppError
from app.domain.launch import StdioLaunch
from app.sessions.registry import SessionRegistry
from tests.subjects import SERVERS, launch, plan, records, text_of

ODD = SERVERS / "odd.py"


def oddity(mode: str, record: Path | None = None) -> StdioLaunch:
    return launch(ODD, mode, *([] if record is None else [str(record)]))


def methods(record: Path) -> list[str]:
    return [entry["method"] for entry in records(record) if "method" in entry]


async def go(registry: SessionRegistry, how: StdioLaunch, **arguments: Any) -> dict[str, Any]:
    async with registry.use(plan(how)) as session:
        return await session.call_tool("go", arguments)


async def failure(registry: SessionRegistry, how: StdioLaunch, **arguments: Any) -> AppError:
    with pytest.raises(AppError) as caught:
        await go(registry, how, **arguments)
    return caught.value


async def echo(registry: SessionRegistry, how: StdioLaunch, word: str, revision: str = "r") -> str:
    async with registry.use(plan(how, revision=revision)) as session:
        return text_of(await session.call_tool("echo", {"text": word}))
