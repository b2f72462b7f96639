"""Requests that may come twice: the header Idempotency-Key."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from starlette.requests import Request
from starlette.responses import Response

from app.domain.errors import AppError, invalid
from app.domain.kept_answer import Answer, KeyedRequest, fingerprint_of, may_have_acted
from app.edge.envelope import error_response
from app.edge.head import head_of
from app.edge.principal import principal_of
from app.rest.call_events import wants_events
from app.rest.parsing import Endpoint, deps_of
from app.services.idempotency import answer_once

Again = Callable[[Request], AbstractAsyncContextManager[None]]


def kept_by_key(endpoint: Endpoint, again: Again) -> Endpoint:
    """The endpoint, whose answer to a request with a key is kept and given again.

    `again` is the gate that a request passes whose answer is kept already.
    """

    def answer(request: Request) -> Awaitable[Response]:
        key = head_of(request.scope).first.get(b"idempotency-key")
        if key is None:
            return endpoint(request)
        return _answer_once(request, key.decode("latin-1"), endpoint, again)

    return answer


async def _answer_once(request: Request, key: str, endpoint: Endpoint, again: Again) -> Response:
    if wants_events(request):
        raise invalid(
            "Idempotency-Key does not go with Accept: text/event-stream.", "Idempotency-Key"
        )
    body = await request.body()
    what = (request.url.path.encode(), request.scope["query_string"], body)
    caller = principal_of(request)
    keyed = KeyedRequest(subject=caller.subject, key=key, fingerprint=fingerprint_of(caller, *what))

    async def work() -> Answer:
        try:
            response = await endpoint(request)
        except AppError as error:
            if not may_have_acted(error):
                raise
            response = error_response(error)
        return Answer(response.status_code, bytes(response.body))

    kept, is_replay = await answer_once(deps_of(request), keyed, work, lambda: again(request))
    headers = {"Idempotency-Replayed": "true"} if is_replay else {}
    return Response(kept.body, kept.status, headers, media_type="application/json")
