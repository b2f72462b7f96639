"""Stored servers: unique names, compare-and-set changes, keyset pages."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.delivery import Delivery, SecretBinding
from app.domain.errors import AppError, ErrorCode
from app.domain.page import PageRequest
from app.domain.server import Server
from app.domain.tool import Tool
from tests.conftest import Stores
from tests.models.factories import NOW, server, settings

SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$ref": "#/$defs/x.y",
    "$defs": {
        "x.y": {"type": "object", "properties": {"a.b": {"$ref": "#/$defs/z"}, "$where": {}}}
    },
    "properties": {"": {}, "ключ": {"const": None}, "n": {"maximum": 1.5, "minimum": -(2**53)}},
}
SECOND = timedelta(seconds=1)
TOOLS = (
    Tool("t", {"name": "t", "inputSchema": SCHEMA, "x.vendor": {"$set": 1}}),
    Tool("u", {"name": "u"}),
)


async def names(stores: Stores, first: int, after: str | None = None) -> list[str]:
    return [found.name for found in await stores.servers.list_page(PageRequest(first, after))]


async def test_a_server_comes_back_as_it_was_stored(stores: Stores) -> None:
    stored = server(
        settings=settings(
            "my.server-1",
            display_name="Mine",
            description="words",
            args=("a", "$b", "c.d"),
            env={"A": "$x.y"},
            cwd="/tmp",
            secrets=(
                SecretBinding(
                    name="key",
                    delivery=Delivery.ENVIRONMENT,
                    target="API_KEY",
                    template="x{value}",
                    is_required=True,
                    description="words",
                ),
                SecretBinding(name="b", target="b"),
            ),
            masks_results=False,
            startup_timeout_seconds=1.5,
            is_enabled=False,
        ),
        package_dir="s/1",
        install_id="1",
        tools=TOOLS,
    )
    await stores.servers.insert(stored)
    assert await stores.servers.find("my.server-1") == stored
    assert await stores.servers.find_many(["my.server-1", "other"]) == {"my.server-1": stored}


@pytest.mark.parametrize("name", ["my", "my.server-", "my.server-11", "MY.SERVER-1", "", ".*"])
async def test_a_server_is_found_by_its_exact_name_only(stores: Stores, name: str) -> None:
    await stores.servers.insert(server("my.server-1"))
    assert await stores.servers.find(name) is None


async def test_of_twenty_inserts_of_one_name_exactly_one_wins(stores: Stores) -> None:
    candidates = [server("same") for _ in range(20)]
    results = await asyncio.gather(
        *(stores.servers.insert(candidate) for candidate in candidates), return_exceptions=True
    )
    winners = [c for c, result in zip(candidates, results, strict=True) if result is None]
    codes = [result.code for result in results if isinstance(result, AppError)]
    assert codes == [ErrorCode.CONFLICT] * 19
    assert [await stores.servers.find("same")] == winners


async def test_of_twenty_changes_of_one_revision_exactly_one_wins(stores: Stores) -> None:
    before = server()
    await stores.servers.insert(before)
    candidates = [
        replace(before, revision=f"r{n}", settings=settings(command=f"c{n}")) for n in range(20)
    ]
    results = await asyncio.gather(
        *(stores.servers.replace(c, expected=before) for c in candidates),
        return_exceptions=True,
    )
    winners = [c for c, result in zip(candidates, results, strict=True) if result is None]
    codes = [result.code for result in results if isinstance(result, AppError)]
    assert codes == [ErrorCode.CONFLICT] * 19
    assert [await stores.servers.find("s")] == winners


async def test_a_change_of_another_revision_changes_nothing(stores: Stores) -> None:
    before = server(tools=TOOLS)
    await stores.servers.insert(before)
    with pytest.raises(AppError) as caught:
        await stores.servers.replace(
            replace(before, revision="new"), expected=replace(before, revision="old")
        )
    assert caught.value.code is ErrorCode.CONFLICT
    assert await stores.servers.find("s") == before


async def test_a_change_keeps_the_time_of_creation(stores: Stores) -> None:
    before = server()
    await stores.servers.insert(before)
    later = NOW + timedelta(days=1)
    after = replace(before, revision="r2", created_at=later, updated_at=later)
    await stores.servers.replace(after, expected=before)
    assert await stores.servers.find("s") == replace(after, created_at=NOW)


async def test_two_changes_of_words_do_not_overwrite_each_other(stores: Stores) -> None:
    before = server()
    await stores.servers.insert(before)
    named = replace(before, settings=settings(display_name="S"), updated_at=NOW + SECOND)
    described = replace(before, settings=settings(description="d"), updated_at=NOW + SECOND)
    await stores.servers.replace(named, expected=before)
    with pytest.raises(AppError) as caught:
        await stores.servers.replace(described, expected=before)
    assert caught.value.code is ErrorCode.CONFLICT
    assert await stores.servers.find("s") == named


async def test_a_change_does_not_undo_a_listing_that_came_meanwhile(stores: Stores) -> None:
    before = server()
    await stores.servers.insert(before)
    await stores.servers.remember_tools("s", before.revision, TOOLS)
    after = replace(before, settings=settings(display_name="S"), updated_at=NOW + SECOND)
    await stores.servers.replace(after, expected=before)
    assert await stores.servers.find("s") == replace(after, tools=TOOLS)


async def test_only_the_current_revisions_tools_are_remembered(stores: Stores) -> None:
    before = server()
    await stores.servers.insert(before)
    await stores.servers.remember_tools("s", "an old revision", TOOLS)
    assert await stores.servers.find("s") == before
    await stores.servers.remember_tools("s", before.revision, TOOLS)
    assert await stores.servers.find("s") == replace(before, tools=TOOLS)


async def test_a_listing_beyond_four_megabytes_is_not_kept(stores: Stores) -> None:
    before = server(tools=TOOLS)
    await stores.servers.insert(before)
    huge = [Tool("t", {"name": "t", "description": "x" * 4 * 1024**2})]
    await stores.servers.remember_tools("s", before.revision, huge)
    assert await stores.servers.find("s") == replace(before, tools=())


async def test_pages_follow_each_other_without_gaps_or_repeats(stores: Stores) -> None:
    for name in ("d", "b", "a", "c", "B"):
        await stores.servers.insert(server(name))
    assert await names(stores, 2) == ["B", "a", "b"]  # one more than asked: there is a next page
    assert await names(stores, 2, "a") == ["b", "c", "d"]
    assert await names(stores, 2, "c") == ["d"]
    assert await names(stores, 2, "d") == []
    await stores.servers.delete("b", install_id=None)
    assert await names(stores, 5, "b") == ["c", "d"]


@pytest.mark.parametrize(
    ("stored", "asked", "is_gone"),
    [
        (None, None, True),
        ("1", "1", True),
        ("1", None, False),
        (None, "1", False),
        ("1", "2", False),
    ],
)
async def test_a_server_is_deleted_only_by_whom_it_belongs_to(
    stores: Stores,
    stored: str | None,
    asked: str | None,
    is_gone: bool,  # noqa: FBT001 - a column of the table
) -> None:
    kept: Server = server(install_id=stored)
    await stores.servers.insert(kept)
    assert await stores.servers.delete("s", install_id=asked) is is_gone
    assert await stores.servers.find("s") == (None if is_gone else kept)
