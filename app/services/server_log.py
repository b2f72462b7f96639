"""What servers write to stderr, as they write it."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from app.domain.names import check_server_name
from app.domain.policy import Action
from app.domain.principal import Principal
from app.domain.session import LogLine
from app.services.access import operation
from app.services.deps import Deps
from app.services.sessions import may_see_session


async def follow_log(
    deps: Deps, caller: Principal, server_name: str
) -> AsyncGenerator[LogLine, None]:
    """Every line that a server writes in this process, of the sessions that the caller may see.

    Raises:
        AppError: FORBIDDEN or INVALID_INPUT; CONFLICT when the reader is too slow.
    """

    def wants(line: LogLine) -> bool:
        return line.key.server_name == server_name and may_see_session(caller, line.key.owner)

    async with operation(deps, caller, Action.WATCH_SESSIONS, server_name=server_name):
        check_server_name(server_name)
        async with aclosing(deps.server_lines.follow(wants)) as lines:
            async for line in lines:
                yield line
