"""What listings can be narrowed down and ordered by."""

from typing import Annotated

import strawberry

from app.domain.order import Direction, Order, OrderField
from app.domain.package import Runtime
from app.domain.package_record import PackageStatus
from app.domain.server import ServerStatus, Transport
from app.resolvers.enums import describe_enum
from app.services.package_list import PackageFilter
from app.services.server_list import ServerFilter, ToolFilter

describe_enum(
    Direction,
    "OrderDirection",
    "Which way a listing goes.",
    {Direction.ASC: "From a to z, from old to new.", Direction.DESC: "From z to a, newest first."},
)
describe_enum(
    OrderField,
    "OrderField",
    "By what a listing is ordered; entries that are equal in it are ordered by name.",
    {
        OrderField.NAME: "By name.",
        OrderField.CREATED_AT: "By when it was added.",
        OrderField.UPDATED_AT: "By when it was last changed.",
    },
)


@strawberry.input(name="Order", description="The order of a listing.")
class OrderInput:
    """An order. Cursors belong to the order they were given in."""

    field: OrderField = strawberry.field(default=OrderField.NAME, description="By what.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which way.")

    def order(self) -> Order:
        """The order as domain data."""
        return Order(self.field, self.direction)


OrderBy = Annotated[OrderInput | None, strawberry.argument(description="In which order.")]


def order_of(given: OrderInput | None) -> Order:
    """The given order, or by name."""
    return Order() if given is None else given.order()


@strawberry.input(
    name="ServerFilter", description="Which servers are meant; nothing means any. All must hold."
)
class ServerFilterInput:
    """The filter of servers."""

    name_contains: str | None = strawberry.field(
        default=None, description="A part of the name or the display name, in any case."
    )
    enabled: bool | None = strawberry.field(default=None, description="Whether calls are allowed.")
    transport: Transport | None = strawberry.field(default=None, description="How it is spoken to.")
    status: ServerStatus | None = strawberry.field(
        default=None, description="Whether it can be called, seen from the process that answers."
    )
    packaged: bool | None = strawberry.field(
        default=None, description="Whether it was installed from a package."
    )

    def filter(self) -> ServerFilter:
        """The filter as plain data."""
        return ServerFilter(
            name_contains=self.name_contains,
            is_enabled=self.enabled,
            transport=self.transport,
            status=self.status,
            is_packaged=self.packaged,
        )


@strawberry.input(
    name="PackageFilter", description="Which packages are meant; nothing means any. All must hold."
)
class PackageFilterInput:
    """The filter of packages."""

    name_contains: str | None = strawberry.field(
        default=None, description="A part of its name or of its server's, in any case."
    )
    runtime: Runtime | None = strawberry.field(default=None, description="What runs it.")
    status: PackageStatus | None = strawberry.field(
        default=None, description="Where it is in its life."
    )

    def filter(self) -> PackageFilter:
        """The filter as plain data."""
        return PackageFilter(
            name_contains=self.name_contains, runtime=self.runtime, status=self.status
        )


@strawberry.input(
    name="ToolFilter", description="Which tools are meant; nothing means any. All must hold."
)
class ToolFilterInput:
    """The filter of tools."""

    server_name: str | None = strawberry.field(
        default=None, description="Those of this server, if it is enabled."
    )
    text: str | None = strawberry.field(
        default=None, description="A part of the name, title or description, in any case."
    )
    read_only: bool | None = strawberry.field(
        default=None, description="Whether its server says that it changes nothing."
    )

    def filter(self) -> ToolFilter:
        """The filter as plain data."""
        return ToolFilter(server_name=self.server_name, text=self.text, is_read_only=self.read_only)
