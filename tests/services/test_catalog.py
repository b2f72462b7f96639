"""Resources, prompts and completions, asked of real servers."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.domain.errors import AppError, ErrorCode
from app.domain.page import PageRequest
from app.domain.server import Isolation, ServerChanges
from app.domain.session import ListingKind
from app.services.catalog import (
    ForUser,
    complete,
    find_entry,
    get_prompt,
    list_entries,
    read_resource,
)
from app.services.servers import update_server
from tests.principals import user
from tests.services.conftest import OPERATOR, World, add, keep
from tests.subjects import EVERYTHING, FINGERPRINT, records

HERE = ForUser("s")
KINDS = (ListingKind.RESOURCES, ListingKind.RESOURCE_TEMPLATES, ListingKind.PROMPTS)
KEYS = {
    ListingKind.RESOURCES: ["note://a", "note://b", "note://bytes"],
    ListingKind.RESOURCE_TEMPLATES: ["note://{name}"],
    ListingKind.PROMPTS: ["bare", "greet"],
}


async def keys(world: World, kind: ListingKind, first: int = 100) -> list[str]:
    """The whole listing, read in pages of that size."""
    found: list[str] = []
    after: str | None = None
    while True:
        page = await list_entries(world.deps, OPERATOR, HERE, kind, PageRequest(first, after))
        found += [entry.key for entry in page.items]
        if not page.has_next:
            return found
        after = found[-1]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("first", [1, 2, 100])
async def test_a_listing_is_the_same_however_it_is_cut(
    world: World, kind: ListingKind, first: int
) -> None:
    await add(world, "s", EVERYTHING)
    assert await keys(world, kind, first) == KEYS[kind]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_server_that_has_none_lists_none(world: World, kind: ListingKind) -> None:
    await add(world, "s", FINGERPRINT)
    assert await keys(world, kind) == []


async def test_an_entry_is_kept_as_the_server_sent_it(world: World) -> None:
    await add(world, "s", EVERYTHING)
    entry = await find_entry(world.deps, OPERATOR, HERE, ListingKind.RESOURCES, "note://b")
    assert entry is not None
    assert entry.raw == {
        "uri": "note://b", "name": "b", "mimeType": "text/plain", "x-vendor": {"kept": [1]},
    }  # fmt: skip
    found = await find_entry(world.deps, OPERATOR, HERE, ListingKind.RESOURCES, "note://z")
    assert found is None


async def test_a_resource_is_read_as_the_server_gives_it(world: World) -> None:
    await add(world, "s", EVERYTHING)
    part = {"uri": "note://a", "mimeType": "text/plain", "text": "the note a"}
    raw = await read_resource(world.deps, OPERATOR, HERE, "note://a")
    assert raw == {"contents": [part], "x-vendor": 1}


async def test_a_prompt_is_filled_in(world: World) -> None:
    await add(world, "s", EVERYTHING)
    raw = await get_prompt(world.deps, OPERATOR, HERE, "greet", {"name": "Ada"})
    assert raw["messages"] == [
        {"role": "user", "content": {"type": "text", "text": "Say hello to Ada."}}
    ]


async def test_what_is_typed_reaches_the_server_whole(world: World, record: Path) -> None:
    await add(world, "s", EVERYTHING, str(record))
    params = {
        "ref": {"type": "ref/prompt", "name": "greet"},
        "argument": {"name": "name", "value": "al"},
        "context": {"arguments": {"how": "kindly"}},
    }
    raw = await complete(world.deps, OPERATOR, HERE, params)
    assert raw == {"completion": {"values": ["albert", "alice"], "total": 2, "hasMore": False}}
    (asked,) = (r for r in records(record) if r.get("method") == "completion/complete")
    assert asked["params"] == params


async def test_a_users_secret_is_masked_for_that_user_only(world: World) -> None:
    await add(world, "s", EVERYTHING)
    await keep(world, "ada", "key", "the note a")
    texts = []
    for username in ("ada", "bob"):
        raw = await read_resource(world.deps, OPERATOR, ForUser("s", username), "note://a")
        texts.append(raw["contents"])
    part = {"uri": "note://a", "mimeType": "text/plain"}
    assert texts == [[{**part, "text": text}] for text in ("[secret]", "the note a")]


async def test_a_mask_for_one_user_does_not_stay_in_the_kept_listing(world: World) -> None:
    await add(world, "s", EVERYTHING)
    await keep(world, "ada", "key", "text/plain")
    types = []
    for username in ("ada", "bob"):
        entry = await find_entry(
            world.deps, OPERATOR, ForUser("s", username), ListingKind.RESOURCES, "note://b"
        )
        assert entry is not None
        types.append(entry.text("mimeType"))
    assert types == ["[secret]", "text/plain"]


async def test_users_with_sessions_of_their_own_ask_their_own(world: World) -> None:
    await add(world, "s", EVERYTHING, isolation=Isolation.PER_USER)
    told = set()
    for username in ("ada", "bob", "ada"):
        entry = await find_entry(
            world.deps, OPERATOR, ForUser("s", username), ListingKind.RESOURCES, "note://a"
        )
        assert entry is not None
        told.add(entry.text("description"))
    assert len(told) == 2


async def test_what_the_server_does_not_have_is_its_error_in_words(world: World) -> None:
    await add(world, "s", EVERYTHING)
    with pytest.raises(AppError) as caught:
        await read_resource(world.deps, OPERATOR, HERE, "note://z")
    assert caught.value.code is ErrorCode.SERVER_FAILED
    assert caught.value.message == "Server 's' answered with an error: There is none (-32002)."


async def test_a_server_that_does_not_answer_is_not_waited_for_longer_than_it_may_take(
    world: World,
) -> None:
    await add(world, "s", EVERYTHING, call_timeout_seconds=20.0)
    await keys(world, ListingKind.PROMPTS)
    await update_server(world.deps, OPERATOR, "s", ServerChanges(call_timeout_seconds=0.2))
    with pytest.raises(AppError) as caught:
        await read_resource(world.deps, OPERATOR, HERE, "note://never")
    assert caught.value.code is ErrorCode.TOOL_TIMEOUT
    assert caught.value.message == "Server 's' did not answer within 0.2 s."
    assert await keys(world, ListingKind.PROMPTS) == KEYS[ListingKind.PROMPTS]


async def test_arguments_of_a_prompt_that_are_no_texts_are_refused(
    world: World, record: Path
) -> None:
    await add(world, "s", EVERYTHING, str(record))
    with pytest.raises(AppError) as caught:
        await get_prompt(world.deps, OPERATOR, HERE, "greet", {"name": 3})
    assert (caught.value.code, caught.value.path) == (ErrorCode.INVALID_INPUT, ("arguments",))
    assert "prompts/get" not in [r.get("method") for r in records(record)]


@pytest.mark.parametrize(
    ("whose", "code"),
    [
        (ForUser("z"), ErrorCode.SERVER_NOT_FOUND),
        (ForUser("../s"), ErrorCode.INVALID_INPUT),
        (ForUser("s", " "), ErrorCode.INVALID_INPUT),
        (ForUser("off"), ErrorCode.SERVER_DISABLED),
    ],
)
async def test_who_cannot_be_asked_is_said(world: World, whose: ForUser, code: ErrorCode) -> None:
    await add(world, "off", EVERYTHING, is_enabled=False)
    with pytest.raises(AppError) as caught:
        await list_entries(world.deps, OPERATOR, whose, ListingKind.PROMPTS, PageRequest(10))
    assert caught.value.code is code
    assert world.registry.views() == []


async def test_nobody_asks_for_another_user_without_being_allowed_to(world: World) -> None:
    await add(world, "s", EVERYTHING)
    bob = user("bob")
    with pytest.raises(AppError) as caught:
        await read_resource(world.deps, bob, replace(HERE, username="ada"), "note://a")
    assert caught.value.code is ErrorCode.FORBIDDEN
    assert await read_resource(world.deps, bob, HERE, "note://a")
