"""The tools that a caller may use, by server, and signs of whether they have changed."""

from dataclasses import dataclass, field
from hashlib import sha256

import orjson

from app.domain.news import NewsSource, ServerNews, StoredNews
from app.domain.principal import Principal
from app.domain.server import Server
from app.domain.tool import Tool
from app.services.deps import Deps
from app.services.tools import list_tools_by_server


@dataclass(frozen=True, slots=True)
class ToolSet:
    """The tools of one server that a caller may use. Two that are equal have equal tools."""

    server_name: str
    description: str | None
    tools: tuple[Tool, ...] = field(repr=False, compare=False)
    stamp: bytes


class ToolNews:
    """Whether anything that was listed may have changed since."""

    def __init__(self, source: NewsSource) -> None:
        self._source = source
        self._told = 0
        source.listen(self._hear)

    @property
    def version(self) -> int | None:
        """The same number for as long as nothing has changed; None where nobody would tell."""
        return self._told if self._source.is_live else None

    def _hear(self, news: StoredNews) -> None:
        if isinstance(news, ServerNews):
            self._told += 1


async def list_tool_sets(deps: Deps, caller: Principal) -> tuple[ToolSet, ...]:
    """The servers whose tools the caller may use, by name.

    Raises:
        AppError: FORBIDDEN or DATABASE_UNAVAILABLE.
    """
    listed = await list_tools_by_server(deps, caller)
    return tuple(_tool_set(server, tools) for server, tools in listed)


def _tool_set(server: Server, tools: list[Tool]) -> ToolSet:
    settings = server.settings
    description = settings.description or settings.display_name
    told = [description, [tool.raw for tool in tools]]
    stamp = sha256(orjson.dumps(told)).digest()
    return ToolSet(server.name, description, tuple(tools), stamp)
