"""Calling a tool: once, under a deadline, cancellable, with the caller's secrets."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

from app.domain.arguments import check_arguments
from app.domain.audit import TOOL_ERROR, size_of
from app.domain.call import Refusal, ToolCall, ToolOutcome, check_call, merge_arguments
from app.domain.errors import AppError, ErrorCode
from app.domain.life import new_call_id
from app.domain.masker import Masker
from app.domain.policy import Action
from app.domain.ports import CallEvents, Session
from app.domain.principal import Principal
from app.domain.redaction import SHORTEST_IN_LOGS, SHORTEST_IN_RESULTS
from app.domain.server import Server
from app.domain.server_access import ServerAccess, is_exposed, own_tool_name
from app.domain.session import LogMessage, Progress
from app.domain.tool import Tool
from app.services.access import Operation, operation
from app.services.bundles import open_bundle
from app.services.deps import Deps
from app.services.local_builds import ensure_local
from app.services.running import RunningCall
from app.services.servers import get_enabled_server
from app.services.session_use import until_sent
from app.services.starts import use_session

log = logging.getLogger(__name__)

NOTHING_TO_MASK = Masker((), shortest=SHORTEST_IN_RESULTS)


async def call_tool(
    deps: Deps,
    caller: Principal,
    call: ToolCall,
    *,
    call_id: str | None = None,
    listener: CallEvents | None = None,
) -> ToolOutcome:
    """Call a tool once, with the user's secrets for its server merged into the arguments.

    A tool that reports failure is an outcome; only a call that could not be made, or not be
    finished, is an error. Arguments that do not fit the tool's schema are the tool's failure
    too (MCP spec, Tools, Error Handling): a model can then correct itself.

    Raises:
        AppError: INVALID_INPUT, FORBIDDEN, SERVER_NOT_FOUND, SERVER_DISABLED, TOOL_NOT_FOUND,
            SECRET_MISSING, SECRET_UNREADABLE and its like, SERVER_DID_NOT_START,
            SERVER_FAILED, SESSION_LIMIT,
            CALL_CANCELLED or TOOL_TIMEOUT.
    """
    async with gate_of_call(deps, caller, call) as allowed:
        check_call(call)
        return await _run(deps, allowed, call, call_id or new_call_id(deps.life), listener)


def gate_of_call(deps: Deps, caller: Principal, call: ToolCall) -> Operation:
    """The gate that a call passes, also one that is answered from what was kept."""
    return operation(
        deps,
        caller,
        Action.CALL_TOOL,
        server_name=call.server_name,
        target=call.tool_name,
        username=call.username,
    )


async def _run(
    deps: Deps, allowed: Operation, call: ToolCall, call_id: str, listener: CallEvents | None
) -> ToolOutcome:
    username, started = allowed.username, time.perf_counter()
    verdict = "gone"  # what is logged when the caller went away
    running = RunningCall(username, _current_task())
    deps.calls[call_id] = running
    try:
        raw = await _call(deps, allowed, call, listener)
        allowed.result_size = size_of(raw)
        if raw.get("isError") is True:
            allowed.outcome = TOOL_ERROR
        verdict = allowed.outcome
    except asyncio.CancelledError:
        if not running.is_cancelled:
            raise
        running.task.uncancel()
        verdict = ErrorCode.CALL_CANCELLED
        raise AppError(ErrorCode.CALL_CANCELLED, "The call was cancelled on request.") from None
    except AppError as error:
        verdict = error.code
        raise
    finally:
        del deps.calls[call_id]
        milliseconds = (time.perf_counter() - started) * 1000
        log.debug(  # the audit has a record of it in any case
            "call %s: server=%s tool=%r user=%r outcome=%s ms=%.1f",
            call_id, call.server_name, call.tool_name, username, verdict, milliseconds,
        )  # fmt: skip
    return ToolOutcome(call_id=call_id, raw=raw, duration_milliseconds=milliseconds)


def _current_task() -> asyncio.Task[object]:
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("a call needs a task of its own")
    return task


async def _call(
    deps: Deps, allowed: Operation, call: ToolCall, listener: CallEvents | None
) -> dict[str, object]:
    server = await get_enabled_server(deps, call.server_name, allowed)
    settings = server.settings
    most = settings.longest_call_seconds
    seconds = min(call.timeout_seconds or settings.call_timeout_seconds, most)
    loop = asyncio.get_running_loop()
    latest, has_progressed = loop.time() + most, False
    try:
        async with asyncio.timeout(seconds) as deadline:

            def more_time() -> None:
                nonlocal has_progressed
                has_progressed = True
                if not deadline.expired():
                    deadline.reschedule(min(loop.time() + seconds, latest))

            ears = _Ears(allowed.username, listener, more_time)
            return await until_sent(deps, server, lambda now: _call_in_time(deps, now, call, ears))
    except TimeoutError:
        what = f"did not answer within {seconds:g} s"
        if has_progressed:
            what = f"reported no further progress within {seconds:g} s"
        if loop.time() >= latest:
            what = f"did not finish within {most:g} s"
        raise _timed_out(call, what) from None


async def _call_in_time(
    deps: Deps, server: Server, call: ToolCall, ears: "_Ears"
) -> dict[str, object]:
    secrets = await open_bundle(deps, server, ears.username)
    ears.masker = Masker(secrets.values, shortest=SHORTEST_IN_RESULTS)

    async def work(session: Session) -> dict[str, object]:
        tool = await _find_tool(server.settings.access, session, call)
        arguments = merge_arguments(call.arguments, secrets.delivered.arguments, tool.input_schema)
        problem = check_arguments(tool, arguments) if server.settings.checks_arguments else None
        if problem is not None:
            return Refusal(problem)
        return await session.call_tool(tool.name, arguments, ears)

    try:
        await ensure_local(deps, server)
        async with use_session(deps, server, secrets) as session:
            raw = await work(session)
    except AppError as error:
        raise _masked(error, secrets.values) from None
    if server.settings.masks_results:
        ears.masker.json(raw)
    return raw


class _Ears:
    """What a call hears while it runs: each progress notification also buys it time."""

    def __init__(
        self,
        username: str,
        listener: CallEvents | None,
        more_time: Callable[[], None],
    ) -> None:
        self.username = username
        self._listener = listener
        self._more_time = more_time
        self.masker = NOTHING_TO_MASK

    def on_progress(self, progress: Progress) -> None:
        """Pass it on, masked."""
        self._more_time()
        if self._listener is not None:
            text = progress.message
            told = None if text is None else self.masker.text(text)
            self._listener.on_progress(Progress(progress.progress, progress.total, told))

    def on_log(self, message: LogMessage) -> None:
        """Pass it on, masked."""
        if self._listener is not None:
            data = self.masker.json(message.data)
            self._listener.on_log(LogMessage(message.level, message.logger, data))


async def _find_tool(access: ServerAccess, session: Session, call: ToolCall) -> Tool:
    """The tool in the session's listing, or in a fresh one, under the server's own name."""
    name = own_tool_name(access, call.tool_name)
    tool = None if name is None else session.tools.get(name)
    if tool is None and name is not None:
        await session.refresh_tools()
        tool = session.tools.get(name)
    if tool is None or not is_exposed(access, tool):
        raise unknown_tool(call)
    return tool


def unknown_tool(call: ToolCall) -> AppError:
    """The TOOL_NOT_FOUND of a tool that is not there, or that nobody may call."""
    return AppError(
        ErrorCode.TOOL_NOT_FOUND,
        f"Server {call.server_name!r} has no tool named {call.tool_name!r}.",
        path=("toolName",),
        hint="List the server's tools to see which there are; names are case-sensitive.",
    )


def _masked(error: AppError, secrets: Sequence[str]) -> AppError:
    """The error without any secret of this call: servers put arguments into their messages."""
    masker = Masker(secrets, shortest=SHORTEST_IN_LOGS)
    hint = None if error.hint is None else masker.text(error.hint)
    return type(error)(error.code, masker.text(error.message), path=error.path, hint=hint)


def _timed_out(call: ToolCall, what: str) -> AppError:
    return AppError(
        ErrorCode.TOOL_TIMEOUT,
        f"Tool {call.tool_name!r} of server {call.server_name!r} {what}; the call was cancelled.",
        hint="Allow more time, or check the server's log.",
    )
