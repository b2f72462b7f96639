"""From a request to a checked body."""

from typing import TypeVar

import orjson
from pydantic import ValidationError
from starlette.requests import ClientDisconnect, Request

from app.domain.errors import AppError, invalid
from app.rest.bodies import Body
from app.services.deps import Deps

B = TypeVar("B", bound=Body)


def deps_of(request: Request) -> Deps:
    """What the services need."""
    deps: Deps = request.app.state.deps
    return deps


async def read_body(request: Request, kind: type[B], *, is_optional: bool = False) -> B:
    """The request's JSON body, checked against its model; `is_optional` takes none for `{}`.

    Raises:
        AppError: INVALID_INPUT naming the first field that is wrong; PAYLOAD_TOO_LARGE.
    """
    try:
        data = await request.body()
    except ClientDisconnect:
        raise invalid("The client went away before its body had arrived.") from None
    try:
        value = orjson.loads(data or b"{}") if is_optional else orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise invalid(
            f"The body is not valid JSON (at character {error.pos}).",
            hint="Send a JSON object with the header Content-Type: application/json.",
        ) from None
    if not isinstance(value, dict):
        raise invalid("The body must be a JSON object.")
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise _explain(error) from None


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
