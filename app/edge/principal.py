"""Who is calling."""

from starlette.requests import HTTPConnection
from starlette.types import Scope

from app.domain.principal import Principal

KEY = "mcp_api.principal"


def principal_of(connection: HTTPConnection) -> Principal:
    """The caller of a request, as the guard established it.

    Raises:
        KeyError: The request has not passed the guard: a mistake in the wiring.
    """
    caller: Principal = connection.scope[KEY]
    return caller


def set_principal(scope: Scope, caller: Principal) -> None:
    """Say who is calling."""
    scope[KEY] = caller
