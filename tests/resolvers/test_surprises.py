"""A bug is logged once, whole, and the client is told nothing but where to look."""

import logging
import re
from types import SimpleNamespace
from typing import Any

import pytest

from app.domain.errors import AppError, ErrorCode
from app.domain.outbound import Reach
from app.domain.principal import local_principal
from app.resolvers.context import Context
from app.resolvers.schema import build_engine
from app.services.limits import Limits, LimitSettings
from tests.graphql_documents import ADD_SERVER, SERVERS

DETAIL = "a detail nobody outside may see"
SERVER = {"serverName": "new", "command": "true"}


class FakeStore:
    """A store, every operation of which fails in the same way."""

    def __init__(self, failure: Exception) -> None:
        self._failure = failure

    def __getattr__(self, name: str) -> Any:
        async def fail(*_args: object, **_options: object) -> None:
            raise self._failure

        return fail


async def run(document: str, failure: Exception, **variables: object) -> Any:
    store = FakeStore(failure)
    deps: Any = SimpleNamespace(
        servers=store, packages=store, secrets=store, limits=Limits(LimitSettings()),
        reach=Reach.PUBLIC,
        audit=SimpleNamespace(add=lambda _record: None),
    )  # fmt: skip
    nothing: Any = None
    context = Context(
        deps=deps, principal=local_principal(), request=nothing,
    )  # fmt: skip
    return await build_engine().execute(
        document, variable_values=dict(variables), context_value=context
    )


@pytest.mark.parametrize("document", [SERVERS, ADD_SERVER])
async def test_a_surprise_is_masked_and_logged_once(
    caplog: pytest.LogCaptureFixture, document: str
) -> None:
    variables = {"input": SERVER} if document is ADD_SERVER else {}
    with caplog.at_level(logging.ERROR):
        result = await run(document, RuntimeError(DETAIL), **variables)
    assert result.data is None
    (error,) = result.errors
    assert error.message == "Something went wrong inside this server."
    assert error.extensions["code"] == "INTERNAL"
    (record,) = caplog.records
    reference = re.search(r"Surprise ([0-9a-f]{12}) at", record.getMessage())
    assert reference is not None
    assert reference[1] in error.extensions["hint"]
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == DETAIL
    assert DETAIL not in str(error.formatted)


async def test_an_expected_failure_of_a_query_has_its_code(
    caplog: pytest.LogCaptureFixture,
) -> None:
    failure = AppError(ErrorCode.DATABASE_UNAVAILABLE, "It is away.", hint="Try again.")
    result = await run(SERVERS, failure)
    (error,) = result.errors
    assert (error.message, error.path) == ("It is away.", ["servers"])
    assert error.extensions == {"code": "DATABASE_UNAVAILABLE", "hint": "Try again."}
    assert caplog.records == []


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (ErrorCode.DATABASE_UNAVAILABLE, "UnavailableError"),
        (ErrorCode.SHUTTING_DOWN, "UnavailableError"),
        (ErrorCode.CONFLICT, "ConflictError"),
        (ErrorCode.FORBIDDEN, "ForbiddenError"),
        (ErrorCode.SERVER_NOT_FOUND, "NotFoundError"),
    ],
)
async def test_an_expected_failure_of_a_mutation_is_a_typed_result(
    code: ErrorCode, kind: str
) -> None:
    failure = AppError(code, "Why.", path=("serverName",), hint="What to do.")
    result = await run(ADD_SERVER, failure, input=SERVER)
    assert result.errors is None
    assert result.data == {
        "addServer": {
            "__typename": kind, "code": code.value, "message": "Why.",
            "path": ["serverName"], "hint": "What to do.",
        }
    }  # fmt: skip
