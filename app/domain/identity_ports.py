"""What services need to know callers: stored tokens, and who checks an issuer's."""

from collections.abc import Awaitable, Mapping
from datetime import datetime
from typing import Protocol

from app.domain.api_token import ApiToken
from app.domain.page import PageRequest
from app.domain.principal import Principal


class TokenStore(Protocol):
    """Stored API tokens. Every method raises DATABASE_UNAVAILABLE when the database is away."""

    async def insert(self, token: ApiToken, digest: str) -> None:
        """Store a new one under the hash of its text."""

    async def recall_by_hash(self, digest: str) -> ApiToken | None:
        """The one whose text has that hash, good or not; from memory where that is kept true."""

    async def find(self, token_id: str) -> ApiToken | None:
        """The one of that id."""

    def has_any(self) -> Awaitable[bool | None]:
        """Whether one was ever made; None is no, too."""

    async def list_page(self, page: PageRequest) -> list[ApiToken]:
        """Up to `first + 1`, revoked ones too, by id, after the id `after`."""

    async def revoke(self, token_id: str, at: datetime) -> ApiToken | None:
        """Revoke it, unless that has been done; how it is then, None for an unknown id."""

    async def note_use(self, used: Mapping[str, datetime]) -> None:
        """Keep when each was used last, by id."""


class TokenVerifier(Protocol):
    """Checks the tokens of an identity provider."""

    async def verify(self, text: str) -> Principal:
        """The bearer of a token.

        Raises UNAUTHENTICATED, or IDENTITY_PROVIDER_UNAVAILABLE when its keys cannot be read.
        """
