"""Whether this process can serve requests."""

from app.services.deps import Deps


def check_health(deps: Deps) -> None:
    """Return when requests can be served.

    Raises:
        AppError: DATABASE_UNAVAILABLE.
    """
    deps.database.check()
