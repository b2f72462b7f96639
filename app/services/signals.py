"""Doing what other processes of the deployment ask, be they workers or replicas."""

import asyncio
import logging

from app.domain.data_key import RotationProgress
from app.domain.errors import AppError
from app.domain.life import call_prefix
from app.domain.package import PackageProgress
from app.domain.signals import CancelWish, RestartWish, Signal
from app.services.cancel_call import cancel_here
from app.services.deps import Deps
from app.services.starts import start_soon

log = logging.getLogger(__name__)

MOST_WAITING = 1000


class Inbox:
    """What other processes ask of this one, done in order."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._heard: asyncio.Queue[tuple[str, Signal]] = asyncio.Queue(MOST_WAITING)
        deps.signals.listen(self._hear)

    async def own(self) -> None:
        """Do what is asked until cancelled."""
        while True:
            signal_id, signal = await self._heard.get()
            try:
                await self._do(signal_id, signal)
            except AppError as error:
                log.warning("What another process asked for was not done: %s", error.message)

    def _hear(self, signal_id: str, signal: Signal) -> None:
        if isinstance(signal, PackageProgress):
            self._deps.progress.hear(signal)
        elif isinstance(signal, RotationProgress):
            self._deps.rotations.publish(signal)
        elif not self._heard.full():
            self._heard.put_nowait((signal_id, signal))

    async def _do(self, signal_id: str, signal: Signal) -> None:
        deps = self._deps
        if isinstance(signal, CancelWish):
            if signal.call_id.startswith(call_prefix(deps.life)):
                await deps.signals.answer(signal_id, is_done=cancel_here(deps, signal))
        elif isinstance(signal, RestartWish):
            server = await deps.servers.find(signal.server_name)
            if server is not None and server.settings.is_enabled:
                deps.sessions.restart(server.name)
                start_soon(deps, server)
