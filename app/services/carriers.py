"""Sessions that carry secrets, held to the secrets that are stored."""

from collections.abc import Collection

from app.domain.delivery import stamp_of
from app.domain.news import SecretNews
from app.domain.secret import SHARED
from app.domain.session import SessionKey
from app.services.bundles import as_stored, choose_applying
from app.services.deps import Deps


async def end_stale_carriers(deps: Deps, news: Collection[SecretNews]) -> None:
    """End the sessions that the news concern and that carry other secrets than are stored now.

    Their calls in flight finish.
    """
    for key in {view.key for view in deps.sessions.views() if view.key.stamp}:
        if not any(_concerns(item, key) for item in news):
            continue
        name = key.server_name
        server = deps.servers.recall(name) or await deps.servers.find(name)
        found = await deps.secrets.recall_applying(key.owner or SHARED, name)
        bindings = () if server is None else server.settings.secrets
        if stamp_of(bindings, as_stored(choose_applying(found))) != key.stamp:
            deps.sessions.end(key)


def _concerns(news: SecretNews, key: SessionKey) -> bool:
    is_owner = news.username in (None, SHARED, key.owner)
    return is_owner and news.server_name in (None, key.server_name)
