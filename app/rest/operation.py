"""One documented route: what answers, what it takes and gives, and how it can fail."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

from pydantic import BaseModel
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from app.domain.errors import AppError, ErrorCode
from app.edge.request import WholeRequest
from app.rest.bodies import Query
from app.rest.conditional import revalidated
from app.rest.failures import expected
from app.rest.idempotent import Again, kept_by_key
from app.rest.parsing import Endpoint, names_of, refuse_unknown, without_body


def compressed(app: ASGIApp) -> ASGIApp:
    """The application, whose answers are compressed for clients that take that.

    Half the time of the default level, for answers a few percent larger.
    """
    return GZipMiddleware(app, minimum_size=1024, compresslevel=4)


class LastOfItsPath(Route):
    """A route that also takes the methods its path does not answer to, and refuses them.

    Otherwise a later path with a place in it would answer, and a path of two words would be two
    resources: DELETE /packages/updates, and GET of the same.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether the path is this one."""
        match, found = super().matches(scope)
        return (Match.NONE if match is Match.NONE else Match.FULL), found


@dataclass(frozen=True, slots=True)
class Operation:
    """A row of a route table.

    `errors` are those of the service; what any request can meet is added by the document.
    `body` and `query` are the models that check the request, `answer` the type of a success.
    Without a `body` a request that is no GET may bring none but `{}`.
    What the document shows besides is in its examples, by `id`. `is_public` is what needs no
    caller. An answer to GET can be revalidated and compressed; with `again`, the gate of a request
    that comes again, an Idempotency-Key is heeded, with `has_events` the answer may be a stream.
    """

    method: str
    path: str
    endpoint: Endpoint
    _: KW_ONLY
    id: str
    summary: str
    answer: Any
    description: str = ""
    body: type[BaseModel] | None = None
    is_body_required: bool = True
    query: type[Query] | None = None
    errors: Sequence[ErrorCode] = ()
    is_public: bool = False
    again: Again | None = None
    has_events: bool = False

    def app(self) -> ASGIApp:
        """What answers the route."""
        endpoint = revalidated(self.endpoint) if self.method == "GET" else self.endpoint
        if self.again is not None:
            endpoint = kept_by_key(endpoint, self.again)
        if self.body is None and self.method != "GET":
            endpoint = without_body(endpoint)
        app = _Answering(endpoint, names_of(self.query))
        return compressed(app) if self.method == "GET" else app

    def route(self, *, is_last: bool) -> Route:
        """The route as the router takes it; `is_last` of those with its path."""
        kind = LastOfItsPath if is_last else Route
        return kind(self.path, self.app(), methods=[self.method])


class _Answering:
    """An endpoint as an application, which answers the failures of its services too.

    It is asked only where the query string has no other parameters than `names`.
    """

    def __init__(self, endpoint: Endpoint, names: frozenset[str]) -> None:
        self._endpoint = endpoint
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = WholeRequest(scope, receive)
        try:
            if scope["query_string"]:
                refuse_unknown(request, self._names)
            response = await self._endpoint(request)
        except AppError as error:
            response = await expected(request, error)
        await response(scope, receive, send)
