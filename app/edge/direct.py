"""A table of the fixed routes, looked up before the router tries one pattern after the other."""

from collections.abc import Mapping

from starlette.types import ASGIApp, Receive, Scope, Send

# The application for a method and an exact path.
Table = Mapping[tuple[str, str], ASGIApp]


class DirectRoutes:
    """Hands a request on to its route; whatever is not in the table goes to the router.

    What is in it answers every failure of its own, and uses no path parameters.
    """

    def __init__(self, app: ASGIApp, table: Table) -> None:
        self._app = app
        self._table = table

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        app = self._app
        if scope["type"] == "http":
            app = self._table.get((scope["method"], scope["path"]), app)
        await app(scope, receive, send)
