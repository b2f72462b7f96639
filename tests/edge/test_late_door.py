"""A door that is built late is built once, and its requests wait for it."""

import asyncio
import time

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp

from app.edge.late_door import LateDoor


async def test_requests_that_come_early_wait_and_share_one_build() -> None:
    built: list[str] = []

    def build() -> ASGIApp:
        time.sleep(0.05)  # an import takes its time
        built.append("once")
        return PlainTextResponse("here")

    door = LateDoor(build)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(door), base_url="http://localhost"
    ) as http:
        answers = await asyncio.gather(*(http.get("/") for _ in range(20)))
    assert {answer.text for answer in answers} == {"here"}
    assert built == ["once"]


async def test_a_build_that_fails_fails_the_request_and_is_tried_again() -> None:
    tries: list[int] = []

    def build() -> ASGIApp:
        tries.append(1)
        if len(tries) == 1:
            raise ImportError("half an installation")
        return PlainTextResponse("here")

    door = LateDoor(build)
    with pytest.raises(ImportError):
        await door.load()
    assert await door.load() is not None
