"""How the operations of a schema are run."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphql.execution import Executor

from app.resolvers.engine.executor import QuickExecutor
from app.resolvers.engine.limits import Limits
from app.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """How operations of a schema are run.

    `trusted` holds the only documents that may be run, by their SHA-256 hashes; None allows any.
    """

    limits: Limits = field(default_factory=Limits)
    introspection: bool = True
    suggestions: bool = True
    trusted: Mapping[str, str] | None = None
    executor: type[Executor[None]] = QuickExecutor


def options_of(settings: Settings, trusted: Mapping[str, str] | None) -> EngineOptions:
    """The options that the settings ask for."""
    return EngineOptions(
        limits=Limits(
            tokens=settings.graphql_max_tokens,
            depth=settings.graphql_max_depth,
            aliases=settings.graphql_max_aliases,
            cost=settings.graphql_max_cost,
            query_seconds=settings.graphql_query_seconds,
            mutation_seconds=settings.graphql_mutation_seconds,
        ),
        introspection=settings.graphql_introspection,
        suggestions=settings.graphql_suggestions,
        trusted=trusted,
    )
