"""The gate once more, for whoever asks again with an Idempotency-Key: decided, limited, recorded.

Nothing is carried out, but an answer is given: only to who might ask for it now.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.domain.audit import REPLAYED
from app.domain.call import ToolCall, check_call
from app.domain.package import InstallRequest
from app.domain.policy import Action
from app.domain.principal import Principal
from app.domain.server import Server
from app.domain.server_access import is_exposed, own_tool_name
from app.services.access import operation
from app.services.calls import gate_of_call, unknown_tool
from app.services.deps import Deps
from app.services.servers import get_server


@asynccontextmanager
async def call_again(deps: Deps, caller: Principal, call: ToolCall) -> AsyncIterator[None]:
    """The gate of a call that has been made already; a disabled server is no obstacle.

    Raises:
        AppError: INVALID_INPUT, FORBIDDEN, RATE_LIMITED, SERVER_NOT_FOUND or TOOL_NOT_FOUND.
    """
    async with gate_of_call(deps, caller, call) as allowed:
        check_call(call)
        server = allowed.admit(await get_server(deps, call.server_name))
        if not _is_exposed(server, call.tool_name):
            raise unknown_tool(call)
        allowed.outcome = REPLAYED
        yield


@asynccontextmanager
async def install_again(
    deps: Deps, caller: Principal, request: InstallRequest
) -> AsyncIterator[None]:
    """The gate of an install that has been done already.

    Raises:
        AppError: FORBIDDEN or RATE_LIMITED.
    """
    async with operation(
        deps,
        caller,
        Action.INSTALL_PACKAGE,
        server_name=request.server_name,
        target=request.source.name,
    ) as allowed:
        allowed.outcome = REPLAYED
        yield


def _is_exposed(server: Server, shown: str) -> bool:
    """Whether the tool may be called now; one that the server no longer has may not."""
    access = server.settings.access
    own = own_tool_name(access, shown)
    return any(tool.name == own and is_exposed(access, tool) for tool in server.tools)
