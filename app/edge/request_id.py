"""One id for each request: in its answer, in the audit record, and in the logs of whoever asks."""

import re
from functools import lru_cache

from starlette.requests import HTTPConnection
from starlette.types import Scope

from app.domain.ids import new_id
from app.edge.head import body_length, head_of
from app.services.origin import Origin, set_origin

RAW_HEADER = b"x-request-id"
# What may come from outside goes into logs and answers: no spaces, no line breaks, not too long.
ACCEPTED = re.compile(rb"[A-Za-z0-9._:+/=-]{1,128}")
# A proxy's word for where a request comes from is whatever it makes of what it was sent.
ADDRESS = re.compile(r"[0-9A-Za-z.:%_\[\]-]{1,64}")
NO_ADDRESS = "unknown"


def name_request(scope: Scope) -> tuple[bytes, bytes]:
    """The header that tells the id; it is known to everything behind from now on.

    It is the one that the caller or a proxy has given, or a new one.
    """
    head = head_of(scope)
    given = head.get(RAW_HEADER, b"")
    request_id = given.decode("ascii") if given and ACCEPTED.fullmatch(given) else new_id()
    scope.setdefault("state", {})["request_id"] = request_id
    client = scope.get("client")
    peer = None if client is None else _address(client[0])
    set_origin(Origin(request_id, peer, body_length(head)))
    return RAW_HEADER, request_id.encode("ascii")


@lru_cache(maxsize=1024)
def _address(host: str) -> str:
    return host if ADDRESS.fullmatch(host) else NO_ADDRESS


def request_id_of(connection: HTTPConnection) -> str:
    """The id of the request that is being served."""
    request_id: str = connection.state.request_id
    return request_id
