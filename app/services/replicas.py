"""Keeping this process in step: what another one writes has its effects here too, at once.

Whatever the news, the answer is to look at what is stored now and to compare. So it does not matter
whether news come twice, late, or as "anything may have changed".
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field

from app.domain.errors import AppError
from app.domain.news import SecretNews, ServerMark, ServerNews, StoredNews, UserRemoved
from app.domain.secret import SHARED
from app.domain.session import SessionKey, SessionState, SessionView
from app.services.carriers import end_stale_carriers
from app.services.deps import Deps
from app.services.starts import start_enabled_servers, start_here

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
EVERY_SERVER = ServerNews(None)
EVERY_SECRET = SecretNews(None, None)
# Beyond so many news at once it is cheaper to look at everything.
MOST_NEWS = 1000


@dataclass(slots=True)
class _Heard:
    """News that have not been looked into, each once and in order."""

    news: dict[StoredNews, None] = field(default_factory=dict)
    is_there: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, news: StoredNews) -> None:
        self.news[news] = None
        if len(self.news) > MOST_NEWS:
            removed = [n for n in self.news if isinstance(n, UserRemoved)]
            self.news = dict.fromkeys([*removed, EVERY_SERVER, EVERY_SECRET])
        self.is_there.set()

    async def take(self) -> list[StoredNews]:
        await self.is_there.wait()
        self.is_there.clear()
        taken, self.news = self.news, {}
        return [*taken]


class Replica:
    """The sessions and feeds of this process, held to what is stored."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._heard = _Heard()
        self._marks: Mapping[str, ServerMark] = {}
        deps.news.listen(self._heard.add)

    async def own(self) -> None:
        """Start what is enabled, and keep in step until cancelled."""
        self._marks = await self._deps.servers.list_marks()
        await start_enabled_servers(self._deps)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_in_step(), name="news")
            group.create_task(self._look_at_new_sessions(), name="new sessions")

    async def _keep_in_step(self) -> None:
        while True:
            news = await self._heard.take()
            try:
                await self._look_into(news)
            except AppError as error:
                log.debug("News have to wait: %s", error.message)
                for item in news:
                    self._heard.add(item)
                await asyncio.sleep(RETRY_SECONDS)

    async def _look_at_new_sessions(self) -> None:
        """One may have been on its way with the old secrets when the news of others came."""

        def is_carrier(view: SessionView) -> bool:
            return view.state is SessionState.READY and bool(view.key.stamp)

        while True:
            feed = self._deps.session_changes.follow(is_carrier)
            try:
                async with aclosing(feed) as views:
                    async for view in views:
                        self._heard.add(_news_of(view.key))
            except AppError:  # too many at once
                self._heard.add(EVERY_SECRET)

    async def _look_into(self, news: Iterable[StoredNews]) -> None:
        servers, secrets = set(), set()
        for item in news:
            if isinstance(item, UserRemoved):
                self._deps.sessions.end_user(item.username)
            elif isinstance(item, ServerNews):
                servers.add(item.name)
            else:
                secrets.add(item)
        if servers:
            await self._compare_servers(servers)
        if secrets:
            await end_stale_carriers(self._deps, secrets)

    async def _compare_servers(self, names: set[str | None]) -> None:
        """Retire what is no longer as it was, and start what is enabled instead."""
        deps, wanted = self._deps, None if None in names else {n for n in names if n is not None}
        looked_from = asyncio.get_running_loop().time()
        now = await deps.servers.list_marks(wanted)
        looked_at = self._marks.keys() | now.keys() if wanted is None else wanted
        changed = [n for n in sorted(looked_at) if self._marks.get(n) != now.get(n)]
        begun = [n for n in changed if n in now and self._revision_of(n) != now[n].revision]
        servers = await deps.servers.find_many(begun)
        for name in changed:
            before, after = self._revision_of(name), now.get(name)
            if before is not None and (after is None or after.revision != before):
                deps.sessions.retire(name, before)
            if after is None:
                deps.sessions.forget(name, begun_by=looked_from)
            if name in servers:
                start_here(deps, servers[name])
        kept = {n: mark for n, mark in self._marks.items() if n not in looked_at}
        self._marks = {**kept, **now}
        for name in changed:
            deps.server_changes.publish(name)

    def _revision_of(self, name: str) -> str | None:
        mark = self._marks.get(name)
        return None if mark is None else mark.revision


def _news_of(key: SessionKey) -> SecretNews:
    return SecretNews(SHARED if key.owner is None else key.owner, key.server_name)
