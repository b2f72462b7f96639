"""Who is calling, and for whom they may act."""

from dataclasses import dataclass

from app.domain.errors import AppError, ErrorCode
from app.domain.names import check_username

DEFAULT_USERNAME = "default"


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller of one request, as the edge established it."""

    subject: str
    may_act_for_anyone: bool


def acting_user(principal: Principal, username: str | None) -> str:
    """The user whose secrets a request concerns: the named one, or the caller.

    Raises:
        AppError: INVALID_INPUT for a malformed name, FORBIDDEN for somebody else's.
    """
    if username is None:
        return principal.subject
    check_username(username)
    if username != principal.subject and not principal.may_act_for_anyone:
        raise AppError(
            ErrorCode.FORBIDDEN,
            f"You may not act for the user {username!r}.",
            path=("username",),
            hint="Leave username out to act as yourself.",
        )
    return username
