"""What a GraphQL request looks like (GraphQL over HTTP, section 5)."""

from collections.abc import Mapping
from typing import Any

from cross_web import HTTPException
from strawberry.http import GraphQLRequestData, GraphQLRequestProtocol

from app.domain.errors import AppError

DOCUMENT_ID = "documentId"
SHA256 = "sha256:"
_FIELDS: Mapping[str, tuple[type, str]] = {
    "query": (str, "a string"),
    "variables": (dict, "an object"),
    "operationName": (str, "a string"),
    "extensions": (dict, "an object"),
    DOCUMENT_ID: (str, "a string"),
}


class Unreadable(HTTPException):
    """A body that is no JSON to go by, and what to do about it."""

    def __init__(self, error: AppError) -> None:
        super().__init__(400, error.message)
        self.hint = error.hint


def fault_of(data: object) -> str | None:
    """Why the data is no GraphQL request; None if it is one."""
    if not isinstance(data, dict):
        return "The request must be a JSON object."
    for name, value in data.items():
        if name in _FIELDS and value is not None:
            kind, words = _FIELDS[name]
            if type(value) is not kind:  # it is read from JSON, which knows no others
                return f"{name} must be {words} or null, if provided."
    return None


def request_of(data: object, protocol: GraphQLRequestProtocol) -> GraphQLRequestData:
    """The GraphQL request in a body or query string.

    Raises:
        HTTPException: 400 for anything else.
    """
    fault = fault_of(data)
    if fault is not None:
        raise HTTPException(400, fault)
    fields: Any = data
    extensions = fields.get("extensions")
    given = fields.get(DOCUMENT_ID)
    if given is not None:
        key = given.removeprefix(SHA256)
        extensions = {"persistedQuery": {"version": 1, "sha256Hash": key}}
    return GraphQLRequestData(
        query=fields.get("query"),
        variables=fields.get("variables"),
        operation_name=fields.get("operationName"),
        extensions=extensions,
        protocol=protocol,
    )
