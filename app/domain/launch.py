"""How a server is reached, with every placeholder and secret filled in."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.domain.outbound import Reach


@dataclass(frozen=True, slots=True, kw_only=True)
class StdioLaunch:
    """A program to start and talk to over its stdin and stdout.

    `files` are variables that get the path of a private file with that content.
    """

    command: str
    args: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    cwd: str | None
    startup_timeout_seconds: float
    files: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpLaunch:
    """A server that runs elsewhere, at an http or https address.

    `headers` go out with every request. With `is_sse_only` the old HTTP+SSE transport (revision
    2024-11-05) is spoken without trying streamable HTTP first. `reach` is how far connections go.
    """

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    startup_timeout_seconds: float
    is_sse_only: bool = False
    reach: Reach = Reach.PUBLIC


Launch = StdioLaunch | HttpLaunch
