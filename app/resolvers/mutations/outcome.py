"""From what a service did, or why it could not, to a member of a mutation's union."""

from collections.abc import Awaitable
from typing import Any

from app.domain.errors import AppError
from app.resolvers.types.error import render_error


async def outcome(work: Awaitable[Any]) -> Any:  # Any: each mutation declares its own union
    """What the work returns, or the typed error for an expected failure."""
    try:
        return await work
    except AppError as error:
        return render_error(error)
