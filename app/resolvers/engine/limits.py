"""What an operation may ask for, and the errors of those that ask for more."""

from dataclasses import dataclass

from graphql import GraphQLError

from app.domain.errors import ErrorCode

# Arguments that say how long a list may be.
PAGE_ARGUMENTS = ("first", "last")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The bounds of one schema's operations.

    `aliases` counts aliased fields and fields asked for more than once; `cost` counts the fields
    of the largest answer there could be. `page_arguments` is empty for a schema whose arguments
    of those names mean something else.
    """

    characters: int = 20_000
    tokens: int = 500
    depth: int = 15
    aliases: int = 30
    directives: int = 30
    operations: int = 10
    fragments: int = 30
    cost: int = 100_000
    query_seconds: float = 60.0
    mutation_seconds: float = 3700.0
    page_arguments: tuple[str, ...] = PAGE_ARGUMENTS


class Refusal(GraphQLError):
    """Why nothing of a request was executed.

    `status` is the HTTP status of a request that is wrong whatever its document says.
    """

    status: int | None = None


def refusal(
    message: str,
    *,
    code: ErrorCode = ErrorCode.INVALID_INPUT,
    hint: str | None = None,
    status: int | None = None,
    **more: object,
) -> Refusal:
    """A refusal with its code, what to do about it, and numbers for programs."""
    extensions: dict[str, object] = {"code": code.value, **more}
    if hint is not None:
        extensions["hint"] = hint
    error = Refusal(message, extensions=extensions)
    error.status = status
    return error


def too_much(what: str, found: int, limit: int, *, setting: str, hint: str) -> Refusal:
    """The refusal of a document that goes beyond a limit; `what` has a gap for the number."""
    return refusal(
        f"{what.format(f'{found:,}')}; the limit is {limit:,}.",
        code=ErrorCode.QUERY_TOO_COMPLEX,
        hint=f"{hint} The limit is set by {setting}." if setting else hint,
        found=found,
        limit=limit,
    )
