"""Queries for the deployment's keys."""

import strawberry

from app.resolvers.context import Info
from app.resolvers.types.key import DeploymentKey
from app.services.keys import list_keys


@strawberry.type
class KeyQueries:
    """The key fields of Query."""

    @strawberry.field(
        description="The keys of this deployment and what needs each: those of the process that "
        "answers first, then those it lacks. For callers who may act for anyone."
    )
    async def keys(self, info: Info) -> list[DeploymentKey]:
        """The keys, by id."""
        found = await list_keys(info.context.deps, info.context.principal)
        return [DeploymentKey.of(usage) for usage in found]
