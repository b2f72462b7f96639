"""Keyset pages: a slice of an ordered listing and where the next one starts."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from app.domain.errors import invalid

T = TypeVar("T")
MAX_PAGE = 500


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The first `first` entries whose key comes after `after`."""

    first: int
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Entries in key order; `has_next` says whether more follow."""

    items: tuple[T, ...]
    has_next: bool


def check_page(page: PageRequest) -> None:
    """Accept 1 to 500 entries.

    Raises:
        AppError: INVALID_INPUT.
    """
    if not 1 <= page.first <= MAX_PAGE:
        raise invalid(f"first must be 1 to {MAX_PAGE}.", "first")


def cut_page(items: list[T], first: int) -> Page[T]:
    """The page in a list that was read one entry further than asked."""
    return Page(tuple(items[:first]), len(items) > first)
