"""Who is calling."""

from starlette.requests import HTTPConnection

from app.domain.principal import Principal, local_principal


def principal_of(connection: HTTPConnection) -> Principal:
    """The caller of a request; without authentication, the machine's own user."""
    return local_principal()
