"""The gate that every operation of every door passes: decided, limited, then run, then told of."""

import asyncio
from collections.abc import Callable
from time import perf_counter, time_ns
from types import TracebackType
from typing import Self

from app.domain.audit import CALLER_GONE, OK, AuditRecord, is_recorded
from app.domain.clock import utc_at
from app.domain.errors import AppError, ErrorCode, invalid
from app.domain.names import check_username
from app.domain.policy import Action, Target, decide, decide_for, reaches, refuse
from app.domain.principal import Principal
from app.domain.secret import SHARED
from app.domain.server import Server, unknown_server
from app.services.audit import next_id
from app.services.deps import Deps
from app.services.fair_share import Turn
from app.services.limits import CALLS
from app.services.operations import STOPPING, work_left_behind
from app.services.origin import current_origin


class Operation:
    """One operation under way; `username` is the user it is for.

    Whoever runs it may set `outcome` where it is neither OK nor an error, and `result_size`. Once
    it is over `outcome` says how it went, and `milliseconds` how long it took.
    """

    __slots__ = (
        "_deps",
        "_fault",
        "_look",
        "_started",
        "_turn",
        "action",
        "caller",
        "milliseconds",
        "outcome",
        "result_size",
        "server_name",
        "target",
        "username",
    )  # fmt: skip

    def __init__(
        self,
        deps: Deps,
        caller: Principal,
        action: Action,
        *,
        server_name: str | None,
        target: str | None,
        username: str,
        fault: AppError | None = None,
        look: Callable[[], object] | None = None,
    ) -> None:
        self._deps = deps
        self._fault = fault
        self._look = look
        self._started = perf_counter()
        self._turn: Turn | None = None
        self.caller = caller
        self.action = action
        self.server_name = server_name
        self.target = target
        self.username = username
        self.outcome = OK
        self.milliseconds = 0.0
        self.result_size: int | None = None

    async def __aenter__(self) -> Self:
        """Decide, and wait for its turn if it has to.

        Raises:
            AppError: INVALID_INPUT for a malformed username, FORBIDDEN or RATE_LIMITED; what the
                look at the request raises.
        """
        try:
            self._check()
            if self._look is not None:
                self._look()
            limits = self._deps.limits
            if self.action in limits.rates:
                await limits.rates[self.action].count(self.caller.subject)
            if self.action in CALLS:
                turn = limits.share.enter(self.username)
                self._turn = turn or await limits.share.wait(self.username)
        except BaseException as error:
            self._end(error)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Tell how it went; when only the caller has gone, how the work goes without them."""
        if self._turn is not None:
            self._deps.limits.share.leave(self._turn)
        if error is None or (work := _work_left_behind(error)) is None:
            self._end(error)
        else:
            work.add_done_callback(self._end_with)

    def admit(self, server: Server) -> Server:
        """The server, if it lets the user in.

        Raises:
            AppError: SERVER_NOT_FOUND, as if there were none: its name is not for everybody.
        """
        if not reaches(self.caller, self.action, self.username, server.settings.access):
            raise unknown_server(server.name)
        return server

    def _check(self) -> None:
        if self._fault is not None:
            raise self._fault
        refusal = decide_for(self.caller, self.action, self.username)
        if refusal is not None:
            raise refuse(refusal, self.action, self.username)

    def _end_with(self, work: asyncio.Task[object]) -> None:
        if work.cancelled():
            self._end(AppError(ErrorCode.SHUTTING_DOWN, "It was not finished."))
        else:
            self._end(work.exception())

    def _end(self, error: BaseException | None) -> None:
        """The operation is over, with that error or well."""
        self.milliseconds = round((perf_counter() - self._started) * 1000, 3)
        outcome = self.outcome = self.outcome if error is None else _outcome_of(error)
        is_malformed = self._fault is not None
        if not is_recorded(self.action, outcome, is_malformed=is_malformed):
            return
        caller, origin, credential = self.caller, current_origin(), self.caller.credential
        is_refused = outcome == ErrorCode.INVALID_INPUT  # such names are not worth keeping
        now = time_ns()
        self._deps.audit.add(
            AuditRecord(
                id=next_id(now),
                at=utc_at(now),
                principal=caller.subject,
                credential_kind=credential.kind,
                credential_id=credential.id,
                credential_name=credential.name,
                username=None if is_malformed or self.username == SHARED else self.username,
                action=self.action,
                server_name=None if is_refused else self.server_name,
                target=None if is_refused else self.target,
                peer=origin.peer,
                request_id=origin.request_id,
                outcome=outcome,
                duration_milliseconds=self.milliseconds,
                request_bytes=origin.body_bytes,
                result_size=self.result_size,
            )
        )


def operation(
    deps: Deps,
    caller: Principal,
    action: Action,
    *,
    server_name: str | None = None,
    target: str | None = None,
    username: str | None = None,
    is_shared: bool = False,
    look: Callable[[], object] | None = None,
) -> Operation:
    """The gate, to be entered with `async with` around all that the operation does.

    Without a username the operation is for the caller; `is_shared` means what belongs to all.
    `target` names what it concerns beside the server, for the record. `look` refuses what makes
    no sense once it is allowed, and before it counts.
    """
    user = SHARED if is_shared else caller.subject
    fault = None
    if username is not None:
        user, fault = username, _fault_of(username, is_shared=is_shared)
    return Operation(
        deps,
        caller,
        action,
        server_name=server_name,
        target=target,
        username=user,
        fault=fault,
        look=look,
    )


def may_see(caller: Principal, server: Server) -> bool:
    """Whether a server shows in what the caller lists."""
    target = Target(access=server.settings.access)
    return decide(caller, Action.READ_SERVERS, target) is None


def _work_left_behind(error: BaseException) -> asyncio.Task[object] | None:
    return work_left_behind() if isinstance(error, asyncio.CancelledError) else None


def _fault_of(username: str, *, is_shared: bool) -> AppError | None:
    if is_shared:
        return invalid("A shared secret belongs to no user.", "username")
    try:
        check_username(username)
    except AppError as error:
        return error
    return None


def _outcome_of(error: BaseException) -> str:
    if isinstance(error, AppError):
        return error.code.value
    if isinstance(error, asyncio.CancelledError | GeneratorExit):
        return ErrorCode.SHUTTING_DOWN.value if error.args == (STOPPING,) else CALLER_GONE
    return ErrorCode.INTERNAL.value
