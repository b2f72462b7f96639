"""API tokens: what may be known of them, and what they make of their bearer."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from app.domain.clock import is_within_utc
from app.domain.errors import AppError, ErrorCode, invalid
from app.domain.names import MAX_LIST, check_text, check_username
from app.domain.principal import (
    ANYONE,
    Credential,
    CredentialKind,
    Principal,
    Role,
    check_subject,
)

# Secret scanners know a token by it, and so do we.
PREFIX = "mcpapi_"
TOKEN_BYTES = 32
MAX_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """What a token is to be; `username` is the user that it speaks for."""

    name: str
    role: Role
    username: str
    groups: tuple[str, ...] = ()
    act_for: tuple[str, ...] = ()
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """A stored token without its text, which nobody has but its bearer."""

    id: str
    grant: NewToken
    created_at: datetime
    created_by: str
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None

    def is_good(self, now: datetime) -> bool:
        """Whether it opens the door at that time."""
        expires_at = self.grant.expires_at
        return self.revoked_at is None and (expires_at is None or now < expires_at)

    def principal(self) -> Principal:
        """Its bearer."""
        return Principal(
            subject=self.grant.username,
            roles=frozenset({self.grant.role}),
            groups=frozenset(self.grant.groups),
            act_for=frozenset(self.grant.act_for),
            credential=Credential(kind=CredentialKind.TOKEN, id=self.id, name=self.grant.name),
            expires_at=self.grant.expires_at,
        )


def make_token_text() -> str:
    """A new token: 256 random bits behind the prefix."""
    return PREFIX + secrets.token_urlsafe(TOKEN_BYTES)


def hash_token(text: str) -> str:
    """What is stored of a token. A plain hash is enough: nobody guesses 256 random bits."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def check_new_token(token: NewToken, now: datetime) -> None:
    """Accept what makes sense.

    Raises:
        AppError: INVALID_INPUT.
    """
    check_text(token.name, "name", most=MAX_NAME)
    if not token.name.strip() or not token.name.isprintable():
        raise invalid("name must be 1 to 100 printable characters.", "name")
    check_subject(token.username)
    for field, entries in (("groups", token.groups), ("actFor", token.act_for)):
        if len(entries) > MAX_LIST:
            raise invalid(f"{field} may have at most {MAX_LIST} entries.", field)
        for entry in entries:
            _check_entry(entry, field)
    if token.act_for and token.role is not Role.SERVICE:
        raise invalid("Only a service acts for other users.", "actFor")
    if token.expires_at is not None and token.expires_at.tzinfo is None:
        raise invalid("expiresAt must have an offset, such as Z.", "expiresAt")
    if token.expires_at is not None and not is_within_utc(token.expires_at):
        raise invalid("expiresAt must lie in the years 1 to 9999 of UTC.", "expiresAt")
    if token.expires_at is not None and token.expires_at <= now:
        raise invalid("expiresAt must lie in the future.", "expiresAt")


def unknown_token(token_id: str) -> AppError:
    """The TOKEN_NOT_FOUND of an id."""
    return AppError(
        ErrorCode.TOKEN_NOT_FOUND,
        f"There is no token with the id {token_id[:100]!r}.",
        path=("id",),
        hint="List the tokens to see which there are.",
    )


def _check_entry(entry: str, field: str) -> None:
    try:
        check_username(entry)
    except AppError:
        raise invalid(
            f"Each of {field} must be 1 to 256 printable characters"
            + (f", or {ANYONE!r} for everybody." if field == "actFor" else "."),
            field,
        ) from None
