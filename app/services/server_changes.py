"""Servers watched: added, changed or deleted, by whichever replica."""

from collections.abc import AsyncGenerator

from app.domain.names import check_server_name
from app.domain.principal import Principal
from app.services.deps import Deps


def follow_servers(
    deps: Deps,
    caller: Principal,  # noqa: ARG001 - who may watch servers is decided before
    server_name: str | None,
) -> AsyncGenerator[str, None]:
    """The name of every server that is added, changed or deleted; of one server if it is named.

    Raises:
        AppError: INVALID_INPUT; CONFLICT when the reader is too slow.
    """
    if server_name is not None:
        check_server_name(server_name, "name")
    return deps.server_changes.follow(lambda name: server_name in (None, name))
