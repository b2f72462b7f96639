"""When things were last used: written soon, and what is used all the time not each time."""

from collections.abc import Mapping
from datetime import datetime

import pytest

from app.domain.errors import AppError, ErrorCode
from app.services import last_use
from app.services.last_use import LastUse


class FakeStore:
    """Remembers what it was given."""

    def __init__(self) -> None:
        self.writes: list[list[str]] = []
        self.is_away = False

    async def note_use(self, used: Mapping[str, datetime]) -> None:
        if self.is_away:
            raise AppError(ErrorCode.DATABASE_UNAVAILABLE, "away")
        self.writes.append([*used])


async def test_a_first_use_is_written_at_once_and_a_second_with_the_next_minute() -> None:
    store = FakeStore()
    use = LastUse[str](store)
    use.note(["a"])
    await use.write_due()
    use.note(["a", "b"])
    await use.write_due()
    assert store.writes == [["a"], ["b"]]
    await use.write()  # the end: nothing is left unsaid
    assert store.writes == [["a"], ["b"], ["a"]]


async def test_many_are_written_in_parts() -> None:
    store = FakeStore()
    use = LastUse[str](store)
    names = [str(number) for number in range(last_use.BATCH + 1)]
    use.note(names)
    await use.write_due()
    assert store.writes == [names[:-1], names[-1:]]


@pytest.mark.parametrize("is_end", [True, False])
async def test_what_cannot_be_written_is_kept(is_end: bool) -> None:  # noqa: FBT001 - a column
    store = FakeStore()
    use = LastUse[str](store)
    use.note(["a"])
    store.is_away = True
    await (use.write() if is_end else use.write_due())
    store.is_away = False
    await use.write_due()
    assert store.writes == [["a"]]
