"""A door whose libraries are imported after the others have begun to answer."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from app.late_import import import_late


class LateDoor:
    """An ASGI application that is built in a thread, once, at the latest by its first request.

    Importing a protocol's library can take a second of CPU; until then the other doors answer,
    and a request for this one waits.
    """

    def __init__(self, build: Callable[[], ASGIApp]) -> None:
        self._build = build
        self._app: ASGIApp | None = None
        self._lock = asyncio.Lock()

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass the request on, as soon as there is somebody to take it."""
        if self._app is None:
            return self._load_first(scope, receive, send)
        return self._app(scope, receive, send)

    async def load(self) -> ASGIApp:
        """Build the application if that has not been done yet."""
        async with self._lock:
            if self._app is None:
                self._app = await import_late(self._build)
        return self._app

    async def _load_first(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = await self.load()
        await app(scope, receive, send)
