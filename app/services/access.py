"""The gate that every operation of every door passes: decided, then run, then told of."""

import logging
from types import TracebackType
from typing import Self

from app.domain.errors import AppError, invalid
from app.domain.names import check_username
from app.domain.policy import Action, Target, decide, refuse
from app.domain.principal import Principal
from app.domain.secret import SHARED
from app.domain.server import Server, unknown_server
from app.services.deps import Deps

log = logging.getLogger(__name__)


class Operation:
    """One operation under way; `username` is the user it is for."""

    __slots__ = ("_deps", "action", "caller", "server_name", "username")

    def __init__(
        self, deps: Deps, caller: Principal, action: Action, server_name: str | None, username: str
    ) -> None:
        self._deps = deps
        self.caller = caller
        self.action = action
        self.server_name = server_name
        self.username = username

    async def __aenter__(self) -> Self:
        """Decide.

        Raises:
            AppError: FORBIDDEN.
        """
        refusal = decide(self.caller, self.action, Target(username=self.username))
        if refusal is not None:
            error = refuse(refusal, self.action, self.username)
            self._end(error)
            raise error
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Tell how it went."""
        self._end(error)

    def admit(self, server: Server) -> Server:
        """The server, if it lets the user in.

        Raises:
            AppError: SERVER_NOT_FOUND, as if there were none: its name is not for everybody.
        """
        target = Target(username=self.username, access=server.settings.access)
        if decide(self.caller, self.action, target) is not None:
            raise unknown_server(server.name)
        return server

    def _end(self, error: BaseException | None) -> None:
        """The operation is over, with that error or well."""
        if isinstance(error, AppError):
            log.debug("%s by %r: %s", self.action, self.caller.subject, error.code)


def operation(
    deps: Deps,
    caller: Principal,
    action: Action,
    *,
    server_name: str | None = None,
    username: str | None = None,
    is_shared: bool = False,
) -> Operation:
    """The gate, to be entered with `async with` around all that the operation does.

    Without a username the operation is for the caller; `is_shared` means what belongs to all.

    Raises:
        AppError: INVALID_INPUT for a malformed username.
    """
    user = caller.subject if username is None else username
    if username is not None:
        check_username(username)
    if is_shared:
        if username is not None:
            raise invalid("A shared secret belongs to no user.", "username")
        user = SHARED
    return Operation(deps, caller, action, server_name, user)


def may_see(caller: Principal, server: Server) -> bool:
    """Whether a server shows in what the caller lists."""
    target = Target(access=server.settings.access)
    return decide(caller, Action.READ_SERVERS, target) is None
