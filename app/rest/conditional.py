"""Answers that a client may keep and ask about: ETag and If-None-Match (RFC 9110, section 13)."""

from collections.abc import Awaitable, Callable
from hashlib import blake2b

from starlette.requests import Request
from starlette.responses import Response

# It may be kept by its reader only, and asked about each time: what is listed changes by itself.
CACHE_CONTROL = "private, no-cache"


def revalidated(
    endpoint: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint, whose answer carries an ETag; 304 for a client that has it already."""

    async def answer(request: Request) -> Response:
        response = await endpoint(request)
        return _unless_known(request, response) if response.status_code == 200 else response

    return answer


def _unless_known(request: Request, response: Response) -> Response:
    tag = etag_of(bytes(response.body))
    headers = {"ETag": tag, "Cache-Control": CACHE_CONTROL}
    if is_known(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers={**headers, "Vary": "Accept-Encoding"})
    response.headers.update(headers)
    return response


def etag_of(body: bytes) -> str:
    """A weak tag of the content: the same whether or not it travels compressed."""
    return f'W/"{blake2b(body, digest_size=16).hexdigest()}"'


def is_known(if_none_match: str, tag: str) -> bool:
    """Whether one of the listed tags is this one, by weak comparison, or any is meant."""
    listed = [part.strip().removeprefix("W/") for part in if_none_match.split(",")]
    return "*" in listed or tag.removeprefix("W/") in listed
