"""`/secrets`."""

from starlette.requests import Request
from starlette.responses import Response

from app.domain.errors import ErrorCode
from app.edge.principal import principal_of
from app.rest.answers import Done
from app.rest.bodies import DeleteSecretBody, SetSecretBody
from app.rest.errors import SECRETS
from app.rest.operation import Operation
from app.rest.parsing import deps_of, read_body
from app.rest.render import success
from app.services.secrets import Place, delete_secret, set_secret


async def set_one(request: Request) -> Response:
    """`POST /secrets/set`."""
    body = await read_body(request, SetSecretBody)
    place = _place(body)
    await set_secret(deps_of(request), principal_of(request), place, body.secret_value)
    return success()


async def delete_one(request: Request) -> Response:
    """`POST /secrets/delete`."""
    body = await read_body(request, DeleteSecretBody)
    await delete_secret(deps_of(request), principal_of(request), _place(body))
    return success()


def _place(body: SetSecretBody | DeleteSecretBody) -> Place:
    return Place(server_name=body.server_name, name=body.secret_name, username=body.username)


OPERATIONS = [
    Operation(
        "POST", "/secrets/set", set_one,
        id="setSecret",
        summary="Store a secret of a user for a server",
        description="It replaces the one of that name. It can never be read back.",
        body=SetSecretBody,
        answer=Done,
        errors=[ErrorCode.SERVER_NOT_FOUND, ErrorCode.CONFLICT, *SECRETS],
    ),
    Operation(
        "POST", "/secrets/delete", delete_one,
        id="deleteSecret",
        summary="Remove a secret",
        description="Fine also where there is none.",
        body=DeleteSecretBody,
        answer=Done,
    ),
]  # fmt: skip
