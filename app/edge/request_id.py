"""One id for each request: in its answer, in the audit record, and in the logs of whoever asks."""

import re
from functools import lru_cache

from starlette.requests import HTTPConnection
from starlette.types import Scope

from app.domain.ids import new_id
from app.edge.head import RAW_ID, Head
from app.services.origin import Origin, set_origin

# A proxy's word for where a request comes from is whatever it makes of what it was sent.
ADDRESS = re.compile(r"[0-9A-Za-z.:%_\[\]-]{1,64}")
NO_ADDRESS = "unknown"


def name_request(scope: Scope, head: Head) -> tuple[bytes, bytes]:
    """The header that tells the id; it is known to everything behind from now on.

    It is the one that the caller or a proxy has given, or a new one.
    """
    request_id = head.request_id or new_id()
    scope.setdefault("state", {})["request_id"] = request_id
    client = scope.get("client")
    peer = None if client is None else _address(client[0])
    set_origin(Origin(request_id, peer, head.body_length))
    return RAW_ID, request_id.encode("ascii")


@lru_cache(maxsize=1024)
def _address(host: str) -> str:
    return host if ADDRESS.fullmatch(host) else NO_ADDRESS


def request_id_of(connection: HTTPConnection) -> str:
    """The id of the request that is being served."""
    request_id: str = connection.state.request_id
    return request_id
