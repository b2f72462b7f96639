"""Calling a tool: once, under a deadline, cancellable, with the caller's secrets."""

import logging
from collections.abc import Sequence
from functools import partial

from app.domain.arguments import check_arguments
from app.domain.audit import TOOL_ERROR, size_of
from app.domain.call import Refusal, ToolCall, ToolOutcome, check_call, merge_arguments
from app.domain.errors import AppError, ErrorCode, NotSent
from app.domain.life import new_call_id
from app.domain.masker import NOTHING_TO_MASK, Masker
from app.domain.policy import Action
from app.domain.ports import CallEvents, Session
from app.domain.principal import Principal
from app.domain.redaction import SHORTEST_IN_LOGS
from app.domain.server import Server
from app.domain.server_access import ServerAccess, is_exposed, own_tool_name
from app.domain.tool import Tool
from app.services.access import Operation, operation
from app.services.bundles import open_bundle
from app.services.call_at_work import CallAtWork
from app.services.deps import Deps
from app.services.local_builds import ensure_local
from app.services.servers import get_enabled_server
from app.services.session_use import attempt_again
from app.services.starts import hold_session

log = logging.getLogger(__name__)


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
    call_id = call_id or new_call_id(deps.life)
    gate = gate_of_call(deps, caller, call)
    try:
        async with gate:
            check_call(call)
            raw, text = await _run(deps, gate, call, call_id, listener)
    finally:
        log.debug(  # the audit has a record of it in any case
            "call %s: server=%s tool=%r user=%r outcome=%s ms=%.1f",
            call_id, call.server_name, call.tool_name, gate.username, gate.outcome,
            gate.milliseconds,
        )  # fmt: skip
    return ToolOutcome(call_id, raw, text, gate.milliseconds)


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
) -> tuple[dict[str, object], bytes]:
    at_work = CallAtWork(call, allowed.username, listener, deps.lookout)
    deps.calls[call_id] = at_work
    try:
        with at_work:
            server = await get_enabled_server(deps, call.server_name, allowed)
            at_work.begin(server.settings)
            try:
                raw, text = await _attempt(deps, call, at_work, server)
            except NotSent:
                again = partial(_attempt, deps, call, at_work)
                raw, text = await attempt_again(deps, server.name, again)
    finally:
        del deps.calls[call_id]
    allowed.result_size = size_of(raw)
    if raw.get("isError") is True:
        allowed.outcome = TOOL_ERROR
    return raw, text


async def _attempt(
    deps: Deps, call: ToolCall, at_work: CallAtWork, server: Server
) -> tuple[dict[str, object], bytes]:
    """The result, masked, and the same as JSON."""
    secrets = await open_bundle(deps, server, at_work.username)
    at_work.masker = secrets.masker()
    settings = server.settings
    try:
        if server.package_dir not in deps.local_builds.whole:
            await ensure_local(deps, server)
        session = await hold_session(deps, server, secrets)
        try:
            tool = await _find_tool(settings.access, session, call)
            sent = merge_arguments(call.arguments, secrets.delivered.arguments, tool.input_schema)
            problem = check_arguments(tool, sent) if settings.checks_arguments else None
            raw = (
                Refusal(problem)
                if problem is not None
                else (await session.call_tool(tool.name, sent, at_work))
            )
        finally:
            session.let_go()
    except AppError as error:
        raise _masked(error, secrets.values) from None
    masker = at_work.masker if settings.masks_results else NOTHING_TO_MASK
    return raw, masker.written(raw)


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
