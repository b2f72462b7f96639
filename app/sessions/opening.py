"""The ways to reach a server, tried in turn, and what is remembered of which one worked.

Imported late: the SDK behind it costs about two seconds of CPU.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping

from mcp.shared.exceptions import MCPError

from app.domain.errors import AppError, ErrorCode
from app.domain.launch import StdioLaunch
from app.domain.session import ListingKind
from app.domain.tool import Tool
from app.processes.private_files import PrivateFiles
from app.processes.spawner import Spawner
from app.sessions.era import Verdict
from app.sessions.http import HttpWire
from app.sessions.http_pool import HttpPool
from app.sessions.live import Hooks, LiveSession, Way
from app.sessions.sse import SseWire
from app.sessions.stdio import StdioWire
from app.sessions.supervised import Supervised

KEPT_VERDICTS = 10_000

OnReady = Callable[[LiveSession], None]


class Opener:
    """Opens sessions, by the way that worked last where one did."""

    def __init__(self, spawner: Spawner, files: PrivateFiles) -> None:
        self._spawner = spawner
        self._files = files
        self._pool = HttpPool()
        self._verdicts: OrderedDict[tuple[str, str], Verdict] = OrderedDict()

    async def run(self, entry: Supervised, on_ready: OnReady) -> str | None:
        """Run one session of the entry from start to end; why it ended, if unasked.

        Raises:
            AppError: SERVER_DID_NOT_START.
        """
        refusals: list[MCPError] = []
        ways = self._ways(entry)
        entry.forget_secrets()
        for way in ways:
            live = LiveSession(
                entry.plan, way, usage=entry.usage, hooks=self._hooks(entry, way, on_ready)
            )
            entry.live = live
            if entry.stop_asked is not None:
                drain, grace = entry.stop_asked
                live.stop(drain_seconds=drain, grace_seconds=grace)
            try:
                return await live.own()
            except MCPError as error:
                refusals.append(error)
                if entry.is_abandoned:
                    break
            except AppError:
                self._verdicts.pop(_name(entry), None)
                if not refusals:
                    raise
        self._verdicts.pop(_name(entry), None)
        first = refusals[0].error
        raise AppError(
            ErrorCode.SERVER_DID_NOT_START,
            f"Server {entry.plan.key.server_name!r} did not start: "
            f"it answered {first.message!r} ({first.code}).",
        )

    async def close(self) -> None:
        """Close what the sessions shared."""
        await self._pool.close()

    def _ways(self, entry: Supervised) -> list[Way]:
        launch, known = entry.plan.launch, self._verdicts.get(_name(entry))
        if isinstance(launch, StdioLaunch):
            wire = StdioWire(
                launch,
                spawner=self._spawner,
                files=self._files,
                on_stderr=lambda line: entry.surroundings.on_line(entry, line),
            )
            return [Way(wire, is_modern_first=False, known=known)]
        # Over HTTP a server says at once that it does not know the newer way.
        old = Way(SseWire(self._pool, launch), is_modern_first=False, known=Verdict.HANDSHAKE)
        if launch.is_sse_only or known is Verdict.SSE:
            return [old]
        return [Way(HttpWire(self._pool, launch), is_modern_first=True, known=known), old]

    def _hooks(self, entry: Supervised, way: Way, on_ready: OnReady) -> Hooks:
        around = entry.surroundings

        async def on_tools(tools: Mapping[str, Tool]) -> None:
            await around.on_tools(entry, tools)

        def on_listing(kind: ListingKind) -> None:
            around.on_listing(entry, kind)

        def ready() -> None:
            spoken = Verdict.SSE if isinstance(way.wire, SseWire) else way.verdict
            if spoken is not None:
                self._remember(_name(entry), spoken)
            if entry.live is not None:
                on_ready(entry.live)

        return Hooks(on_tools=on_tools, on_listing=on_listing, on_ready=ready)

    def _remember(self, name: tuple[str, str], verdict: Verdict) -> None:
        self._verdicts[name] = verdict
        self._verdicts.move_to_end(name)
        if len(self._verdicts) > KEPT_VERDICTS:
            self._verdicts.popitem(last=False)


def _name(entry: Supervised) -> tuple[str, str]:
    return entry.plan.key.server_name, entry.plan.key.revision
