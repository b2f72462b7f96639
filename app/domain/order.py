"""Listings in an order of the caller's choice, cut into keyset pages."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

from app.domain.page import Page, PageRequest, check_page, cut_page

T = TypeVar("T")
# Stands where a time is not known, and sorts before every time.
NEVER = datetime.min.replace(tzinfo=UTC)


class Direction(StrEnum):
    """Which way a listing goes."""

    ASC = "asc"
    DESC = "desc"


class OrderField(StrEnum):
    """By what servers and packages can be ordered."""

    NAME = "name"
    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"


@dataclass(frozen=True, slots=True)
class Order:
    """An order; entries that are equal in it are ordered by name."""

    field: OrderField = OrderField.NAME
    direction: Direction = Direction.ASC


def page_in_order(
    items: Iterable[T], page: PageRequest, key: Callable[[T], str], direction: Direction
) -> Page[T]:
    """The page of all items that comes after the key `after`; no two items have the same key.

    Raises:
        AppError: INVALID_INPUT.
    """
    check_page(page)
    is_down = direction is Direction.DESC
    found = sorted(items, key=key, reverse=is_down)
    after = page.after
    if after is not None:
        found = [i for i in found if (key(i) < after if is_down else key(i) > after)]
    return cut_page(found, page.first)


def time_key(at: datetime | None, name: str) -> str:
    """A key that sorts by time, then by name."""
    return f"{(NEVER if at is None else at).astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f} {name}"


def contains(text: str | None, *names: str | None) -> bool:
    """Whether one of the names contains the text, whatever the case; None is in everything."""
    wanted = None if text is None else text.casefold()
    return wanted is None or any(wanted in name.casefold() for name in names if name is not None)
