"""Subscriptions to the rotation of keys."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import strawberry

from app.resolvers.context import Info
from app.resolvers.types.key import KeyRotationType
from app.services.keys import follow_rotation


@strawberry.type
class KeySubscriptions:
    """The key fields of Subscription."""

    @strawberry.subscription(
        description="The progress of rotations, whichever process does them, beginning with "
        "the latest. For callers who may act for anyone."
    )
    async def key_rotation(self, info: Info) -> AsyncGenerator[KeyRotationType, None]:
        """Rotation progress."""
        context = info.context
        async with aclosing(follow_rotation(context.deps, context.principal)) as steps:
            async for step in steps:
                yield KeyRotationType.of(step)
