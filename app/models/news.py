"""Changes of documents as news that services understand."""

from collections.abc import Callable

from app.domain.news import SecretNews, ServerNews, StoredNews, UserRemoved
from app.models import deployment, secrets, servers
from app.mongo.changes import Change, Listener
from app.mongo.database import Database


class MongoNews:
    """The NewsSource over the change streams."""

    def __init__(self, database: Database) -> None:
        self._hearers: list[Callable[[StoredNews], None]] = []
        self._changes = database.changes
        for listener in (
            Listener(
                collection=servers.COLLECTION,
                fields=("name",),
                on_change=self._server,
                on_gap=lambda: self._tell(ServerNews(None)),
            ),
            Listener(
                collection=secrets.COLLECTION,
                fields=("username", "server_name"),
                updates_of=("sealed",),
                on_change=self._secret,
                on_gap=lambda: self._tell(SecretNews(None, None)),
            ),
            Listener(
                collection=deployment.COLLECTION,
                fields=("name",),
                on_change=self._mark,
                on_gap=lambda: None,  # the secrets' gap makes up for it
            ),
        ):
            database.changes.listen(listener)

    @property
    def is_live(self) -> bool:
        """Whether all that has happened so far is told, but for the last milliseconds."""
        return self._changes.is_live

    def listen(self, hear: Callable[[StoredNews], None]) -> None:
        """Have `hear` called with everything from now on."""
        self._hearers.append(hear)

    def _server(self, change: Change) -> None:
        document = change.document or {}
        self._tell(ServerNews(document.get("name")))

    def _secret(self, change: Change) -> None:
        document = change.document or {}
        self._tell(SecretNews(document.get("username"), document.get("server_name")))

    def _mark(self, change: Change) -> None:
        name = str((change.document or {}).get("name"))
        if name.startswith(deployment.REMOVED):
            self._tell(UserRemoved(name.removeprefix(deployment.REMOVED)))

    def _tell(self, news: StoredNews) -> None:
        for hear in self._hearers:
            hear(news)
