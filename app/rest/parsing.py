"""From a request to a checked body."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from app.domain.errors import AppError, invalid
from app.edge.head import head_of
from app.edge.strict_json import read_json
from app.rest.bodies import Body, Query
from app.services.deps import Deps

B = TypeVar("B", bound=Body)
Endpoint = Callable[[Request], Awaitable[Response]]
Q = TypeVar("Q", bound=Query)


def deps_of(request: Request) -> Deps:
    """What the services need."""
    deps: Deps = request.scope["app"].deps
    return deps


async def read_body(request: Request, kind: type[B], *, is_optional: bool = False) -> B:
    """The request's JSON body, checked against its model; `is_optional` takes none for `{}`.

    Raises:
        AppError: INVALID_INPUT naming the first field that is wrong; PAYLOAD_TOO_LARGE.
    """
    try:
        return kind.model_validate(_object_in(await request.body(), is_optional=is_optional))
    except ValidationError as error:
        raise _explain(error) from None


async def read_object(request: Request, *, is_optional: bool = False) -> dict[str, object]:
    """The JSON object in the request's body; `is_optional` takes none for `{}`.

    Raises:
        AppError: INVALID_INPUT or PAYLOAD_TOO_LARGE.
    """
    return _object_in(await request.body(), is_optional=is_optional)


def _object_in(data: bytes, *, is_optional: bool) -> dict[str, object]:
    value = {} if is_optional and not data else read_json(data)
    if not isinstance(value, dict):
        raise invalid("The body must be a JSON object.")
    return value


def read_query(request: Request, kind: type[Q]) -> Q:
    """The request's query string, checked against its model.

    Raises:
        AppError: INVALID_INPUT naming the first parameter that is wrong.
    """
    given = request.query_params.multi_items()
    query = dict(given)
    if len(query) != len(given):
        raise invalid("A parameter of the query is given twice; give it once.")
    try:
        return kind.model_validate(query)
    except ValidationError as error:
        raise _explain(error) from None


def names_of(kind: type[Query] | None) -> frozenset[str]:
    """The parameters that a query string may have."""
    fields = {} if kind is None else kind.model_fields
    return frozenset(field.alias or name for name, field in fields.items())


def refuse_unknown(request: Request, names: frozenset[str]) -> None:
    """Refuse a query string that has other parameters.

    Raises:
        AppError: INVALID_INPUT naming the first of them.
    """
    unknown = next((name for name in request.query_params if name not in names), None)
    if unknown is not None:
        known = f"It knows {', '.join(sorted(names))}." if names else "It knows none."
        shown = unknown[:100]
        raise invalid(f"{shown!r} is not a parameter of this route.", shown, hint=known)


def without_body(endpoint: Endpoint) -> Endpoint:
    """The endpoint, asked only where the body is none, or `{}`."""

    async def answer(request: Request) -> Response:
        if head_of(request.scope).announces_body and await read_object(request, is_optional=True):
            raise invalid("This route takes no body.")
        return await endpoint(request)

    return answer


def _explain(error: ValidationError) -> AppError:
    """The first complaint, with the field's name and without what was sent."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    path = [str(part) for part in first["loc"]]
    name = ".".join(path)
    if first["type"] == "missing":
        return invalid(f"{name} is required.", *path)
    if first["type"] == "extra_forbidden":
        return invalid(f"{name} is not a field of this request; check its spelling.", *path)
    words = first["msg"].replace("Input should be", "must be").replace("a valid ", "a ")
    words = words.replace("a integer", "an integer")
    words = words.replace("a dictionary", "an object").replace("a list", "an array")
    return invalid(f"{name} {words}." if words.startswith("must") else f"{name}: {words}.", *path)
