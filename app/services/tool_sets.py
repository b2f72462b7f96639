"""The tools that a caller may use, by server, and a sign of whether they have changed."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256

import orjson

from app.domain.page import PageRequest
from app.domain.principal import Principal
from app.domain.server import Server
from app.domain.tool import Tool
from app.services.deps import Deps
from app.services.paging import every
from app.services.tools import shown_tools


@dataclass(frozen=True, slots=True)
class ToolSet:
    """The tools of one server that a caller may use. Two with the same stamp are the same."""

    server_name: str
    description: str | None
    tools: tuple[Tool, ...] = field(repr=False, compare=False)
    stamp: str
