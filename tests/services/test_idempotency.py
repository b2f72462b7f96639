"""A request is carried out once, however often it comes with its key."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.clock import utc_now
from app.domain.errors import AppError, ErrorCode, NotSent, invalid
from app.domain.kept_answer import MAX_KEPT_BYTES, Answer, KeyedRequest, may_have_acted
from app.models.answers import AnswerDoc
from app.services.idempotency import answer_once
from tests.services.conftest import World
from tests.waiting import until

REQUEST = KeyedRequest(subject="alice", key="k", fingerprint="f")
FIRST = Answer(200, b'{"success": true, "data": "what only alice may read"}')


class Work:
    """What the request asks for; counted, and held up when told to."""

    def __init__(self, answer: Answer | AppError = FIRST) -> None:
        self.answer = answer
        self.count = 0
        self.may_finish = asyncio.Event()
        self.may_finish.set()

    async def __call__(self) -> Answer:
        self.count += 1
        await self.may_finish.wait()
        if isinstance(self.answer, AppError):
            raise self.answer
        return self.answer


async def ask(
    world: World,
    request: KeyedRequest,
    work: Work,
    again: Callable[[], AbstractAsyncContextManager[None]] = nullcontext,
) -> tuple[Answer, bool]:
    return await answer_once(world.deps, request, work, again)


async def code_of(world: World, work: Work, request: KeyedRequest = REQUEST) -> ErrorCode:
    with pytest.raises(AppError) as caught:
        await ask(world, request, work)
    return caught.value.code


async def test_a_repeated_key_gets_the_first_answer(world: World) -> None:
    work = Work()
    assert await ask(world, REQUEST, work) == (FIRST, False)
    assert await ask(world, REQUEST, work) == (FIRST, True)
    assert await ask(world.another_life(), REQUEST, work) == (FIRST, True)
    assert work.count == 1


async def test_whoever_asks_again_passes_the_gate_and_may_be_refused_there(world: World) -> None:
    passed: list[str] = []

    @asynccontextmanager
    async def open_gate() -> AsyncIterator[None]:
        passed.append("in")
        yield
        passed.append("out")

    def shut_gate() -> AbstractAsyncContextManager[None]:
        raise AppError(ErrorCode.FORBIDDEN, "not any more")

    work = Work()
    assert await ask(world, REQUEST, work, shut_gate) == (FIRST, False)  # the work has its own
    with pytest.raises(AppError, match="not any more"):
        await ask(world, REQUEST, work, shut_gate)
    assert await ask(world, REQUEST, work, open_gate) == (FIRST, True)
    assert (work.count, passed) == (1, ["in", "out"])


async def test_the_answer_is_stored_sealed(world: World) -> None:
    await ask(world, REQUEST, Work())
    (stored,) = await AnswerDoc.get_motor_collection().find().to_list(None)
    assert "only alice" not in str(stored)
    assert stored["expires_at"] > utc_now() + timedelta(hours=23)


async def test_a_key_belongs_to_its_caller(world: World) -> None:
    work = Work()
    await ask(world, REQUEST, work)
    assert await ask(world, replace(REQUEST, subject="bob"), work) == (FIRST, False)
    assert work.count == 2


async def test_another_request_under_a_known_key_is_refused(world: World) -> None:
    work = Work()
    await ask(world, REQUEST, work)
    assert await code_of(world, work, replace(REQUEST, fingerprint="g")) is ErrorCode.CONFLICT
    assert work.count == 1


async def test_of_twenty_at_once_one_is_carried_out(world: World) -> None:
    work = Work()
    work.may_finish.clear()
    tasks = [asyncio.create_task(ask(world, REQUEST, work)) for _ in range(20)]
    await until(lambda: sum(task.done() for task in tasks) == 19)
    work.may_finish.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert work.count == 1
    assert [o for o in outcomes if not isinstance(o, AppError)] == [(FIRST, False)]
    refused = [o.code for o in outcomes if isinstance(o, AppError)]
    assert refused == [ErrorCode.CONFLICT] * 19


async def test_a_client_that_leaves_finds_the_answer_when_it_comes_back(world: World) -> None:
    work = Work()
    work.may_finish.clear()
    asked = asyncio.create_task(ask(world, REQUEST, work))
    await until(lambda: work.count == 1)
    asked.cancel()
    assert await code_of(world, work) is ErrorCode.CONFLICT
    work.may_finish.set()

    async with asyncio.timeout(10):
        while not await AnswerDoc.find({"is_done": True}).count():
            await asyncio.sleep(0.01)
    assert await ask(world, REQUEST, work) == (FIRST, True)
    assert work.count == 1


@pytest.mark.parametrize(
    "error",
    [invalid("no"), AppError(ErrorCode.SESSION_LIMIT, "full"), NotSent(ErrorCode.SERVER_FAILED, "x")],
    ids=["malformed", "full", "not sent"],
)  # fmt: skip
async def test_what_had_no_effect_leaves_the_key_free(world: World, error: AppError) -> None:
    assert not may_have_acted(error)
    assert await code_of(world, Work(error)) is error.code
    assert await ask(world, REQUEST, Work()) == (FIRST, False)


@pytest.mark.parametrize("code", [ErrorCode.SERVER_FAILED, ErrorCode.TOOL_TIMEOUT])
def test_what_may_have_had_an_effect_is_an_answer(code: ErrorCode) -> None:
    assert may_have_acted(AppError(code, "x"))


async def test_a_request_whose_process_died_is_not_sent_again(world: World) -> None:
    work = Work()
    work.may_finish.clear()
    asked = asyncio.create_task(ask(world, REQUEST, work))
    await until(lambda: work.count == 1)
    later = world.another_life()
    with pytest.raises(AppError, match="was cut short; it may have had an effect") as caught:
        await ask(later, REQUEST, work)
    assert caught.value.code is ErrorCode.CONFLICT
    asked.cancel()
    assert work.count == 1


async def test_a_key_is_free_again_after_a_day(world: World) -> None:
    work = Work()
    await ask(world, REQUEST, work)
    past = {"$set": {"expires_at": utc_now() - timedelta(seconds=1)}}
    await AnswerDoc.get_motor_collection().update_one({}, past)
    assert await ask(world, REQUEST, work) == (FIRST, False)
    assert await AnswerDoc.count() == 1
    assert work.count == 2


async def test_an_answer_too_large_to_keep_is_not_made_again(world: World) -> None:
    large = Answer(200, b"x" * (MAX_KEPT_BYTES + 1))
    work = Work(large)
    assert await ask(world, REQUEST, work) == (large, False)
    assert await code_of(world, work) is ErrorCode.CONFLICT
    assert work.count == 1


async def test_an_answer_whose_key_was_shredded_is_not_made_again(world: World) -> None:
    work = Work()
    await ask(world, REQUEST, work)
    await world.deps.data_keys.delete("alice")
    assert await code_of(world, work) is ErrorCode.CONFLICT
    assert work.count == 1


@pytest.mark.parametrize("key", ["", "a b", "ä", "x" * 256, "a\x00"], ids=["empty", "blank", "ä", "long", "NUL"])  # fmt: skip
async def test_a_malformed_key_is_refused(world: World, key: str) -> None:
    work = Work()
    assert await code_of(world, work, replace(REQUEST, key=key)) is ErrorCode.INVALID_INPUT
    assert work.count == 0
