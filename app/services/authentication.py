"""Who a request comes from: by its bearer token, or the machine's own user without any."""

import hmac
from dataclasses import dataclass, field

from app.domain.api_token import PREFIX, hash_token
from app.domain.clock import utc_now
from app.domain.errors import AppError
from app.domain.identity_ports import TokenStore, TokenVerifier
from app.domain.principal import (
    ADMIN_USERNAME,
    NO_CREDENTIAL,
    Credential,
    CredentialKind,
    Principal,
    Role,
    local_principal,
)
from app.domain.unauthenticated import Unauthenticated
from app.services.last_use import TokenUse
from app.services.refused_callers import RefusedCallers
from app.settings import AuthMode

# Longer than any JWT of an identity provider; hashing more is work for nothing.
MAX_TOKEN = 16 * 1024


@dataclass(slots=True, kw_only=True)
class Authentication:
    """How this deployment knows its callers.

    In the mode AUTO it is on as soon as one token was ever made: revoking the last one locks
    the door, it does not open it.
    """

    mode: AuthMode
    tokens: TokenStore
    token_use: TokenUse
    refused: RefusedCallers
    admin_token: str | None = field(default=None, repr=False)
    verifier: TokenVerifier | None = None
    _is_on: bool | None = None

    async def is_on(self) -> bool:
        """Whether callers must prove who they are.

        Raises:
            AppError: DATABASE_UNAVAILABLE, when that is not known.
        """
        if self.mode is not AuthMode.AUTO:
            return self.mode is AuthMode.ON
        if not self._is_on:  # once on, it stays on
            try:
                self._is_on = await self.tokens.has_any() or bool(self._is_on)
            except AppError:
                if self._is_on is None:
                    raise
        return bool(self._is_on)

    @property
    def is_known_to_be_on(self) -> bool:
        """Whether callers must prove who they are, as far as that has been found out."""
        return self.mode is AuthMode.ON or self._is_on is True

    async def principal(self, authorization: str | None) -> Principal:
        """The caller with that Authorization header; one who is not known is on record.

        Raises:
            AppError: UNAUTHENTICATED, DATABASE_UNAVAILABLE or IDENTITY_PROVIDER_UNAVAILABLE.
        """
        if not await self.is_on():
            return local_principal()
        try:
            return await self._known(authorization)
        except Unauthenticated as error:
            self.refused.note(error)
            raise

    async def _known(self, authorization: str | None) -> Principal:
        text = _bearer_token(authorization)
        if self.admin_token is not None and _is_same(text, self.admin_token):
            return _admin()
        if text.startswith(PREFIX):
            return await self._by_token(text)
        if self.verifier is not None:
            return await self.verifier.verify(text)
        raise _refused("unknown token")

    async def _by_token(self, text: str) -> Principal:
        token = await self.tokens.recall_by_hash(hash_token(text))
        if token is None:
            raise _refused("unknown token")
        if not token.is_good(utc_now()):
            reason = "expired token" if token.revoked_at is None else "revoked token"
            raise _refused(reason, token.principal().credential)
        self.token_use.note((token.id,))
        return token.principal()


def _bearer_token(authorization: str | None) -> str:
    """The token in an Authorization header (RFC 6750, section 2.1)."""
    if authorization is None:
        raise Unauthenticated(
            "This service wants to know who is calling.",
            reason="no token",
            hint="Send the header Authorization: Bearer <token>; an admin makes tokens with "
            "`mcp-api tokens create`.",
        )
    scheme, _, text = authorization.partition(" ")
    text = text.strip(" ")
    if scheme.lower() != "bearer" or not 0 < len(text) <= MAX_TOKEN or not _is_token68(text):
        raise Unauthenticated(
            "The Authorization header is not of the form Bearer <token>.", reason="malformed header"
        )
    return text


def _is_token68(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text


def _is_same(text: str, expected: str) -> bool:
    return hmac.compare_digest(hash_token(text), hash_token(expected))


def _admin() -> Principal:
    return Principal(
        subject=ADMIN_USERNAME,
        roles=frozenset({Role.ADMIN}),
        credential=Credential(kind=CredentialKind.ADMIN_TOKEN, name="ADMIN_TOKEN"),
    )


def _refused(reason: str, credential: Credential = NO_CREDENTIAL) -> Unauthenticated:
    return Unauthenticated(
        "That token is not valid here: it is unknown, expired or revoked.",
        reason=reason,
        hint="Ask an admin of this service for a new one.",
        credential=credential,
    )
