"""What a resolver is told of its field, most of which few resolvers ask for."""

from typing import Any

from graphql import GraphQLResolveInfo
from graphql.execution import Executor
from graphql.pyutils import Path

from app.resolvers.engine.memo import Resolving


class QuickInfo:
    """A `GraphQLResolveInfo` whose parts beside the context are put together when one is read."""

    __slots__ = ("_executor", "_resolving", "context", "path")

    def __init__(self, executor: Executor[None], resolving: Resolving, path: Path) -> None:
        self.context = executor.context_value
        self.path = path
        self._executor = executor
        self._resolving = resolving

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole(), name)

    def _whole(self) -> GraphQLResolveInfo[Any]:
        own = self._resolving
        return self._executor.build_resolve_info(own.field, own.nodes, own.parent_type, self.path)
