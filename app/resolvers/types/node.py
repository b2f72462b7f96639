"""Global ids and pages."""

from collections.abc import Callable, Sequence
from typing import Annotated, Generic, Self, TypeVar

import strawberry

from app.domain.page import Page
from app.resolvers.inputs import cursor_of, encode_opaque

First = Annotated[int, strawberry.argument(description="How many, 1 to 500.")]
After = Annotated[str | None, strawberry.argument(description="The cursor to go on from.")]

T = TypeVar("T")
S = TypeVar("S")


@strawberry.interface(description="Anything that can be fetched again by its id.")
class Node:
    """The Relay Node interface."""

    id: strawberry.ID = strawberry.field(description="A globally unique, opaque id.")


@strawberry.type(description="Where a page begins and ends, and whether more follows.")
class PageInfo:
    """The Relay PageInfo; pages go forwards only."""

    has_next_page: bool = strawberry.field(description="Whether there are entries after this page.")
    has_previous_page: bool = strawberry.field(description="Always false: pages go forwards only.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first entry.")
    end_cursor: str | None = strawberry.field(
        description="The cursor of the last entry; give it as `after` to get the next page."
    )


@strawberry.type(description="One entry of a page, with its cursor.")
class Edge(Generic[T]):
    """A Relay edge."""

    cursor: str = strawberry.field(description="Where this entry stands in the listing.")
    node: T = strawberry.field(description="The entry.")


@strawberry.type(description="A page of entries in a stable order.")
class Connection(Generic[T]):
    """A Relay connection over a keyset page."""

    listing: strawberry.Private[str]
    keys: strawberry.Private[Sequence[str]]
    has_next: strawberry.Private[bool]
    nodes: list[T] = strawberry.field(description="The entries alone.")

    @strawberry.field(description="The entries with their cursors.")
    def edges(self) -> list[Edge[T]]:
        """The edges, which few ask for."""
        pairs = zip(self.keys, self.nodes, strict=True)
        return [Edge(cursor=cursor_of(self.listing, key), node=node) for key, node in pairs]

    @strawberry.field(description="Whether and where the listing goes on.")
    def page_info(self) -> PageInfo:
        """The ends of the page."""
        keys = self.keys
        return PageInfo(
            has_next_page=self.has_next,
            has_previous_page=False,
            start_cursor=cursor_of(self.listing, keys[0]) if keys else None,
            end_cursor=cursor_of(self.listing, keys[-1]) if keys else None,
        )

    @classmethod
    def of(
        cls, listing: str, page: Page[S], key: Callable[[S], str], render: Callable[[S], T]
    ) -> Self:
        """The connection for a page; `key` gives each entry's place in the order.

        `listing` is the name that `page_request` knows it by.
        """
        return cls(
            listing=listing,
            keys=[key(item) for item in page.items],
            has_next=page.has_next,
            nodes=[render(item) for item in page.items],
        )


def node_id(kind: str, *key: str) -> strawberry.ID:
    """The opaque id of a `kind` of thing with that key."""
    return strawberry.ID(encode_opaque(join_key(kind, key)))


def join_key(kind: str, key: Sequence[str]) -> str:
    """A kind and its key as one text; the parts contain no NUL."""
    return "\0".join((kind, *key))
