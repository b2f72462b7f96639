"""Why a caller is not known."""

from app.domain.errors import AppError, ErrorCode
from app.domain.principal import NO_CREDENTIAL, Credential


class Unauthenticated(AppError):
    """The caller has not proved who they are.

    `reason` is one of few texts, which may be recorded; `credential` is the token that was
    presented, where it is one of ours that is no longer good.
    """

    def __init__(
        self,
        message: str,
        *,
        reason: str,
        hint: str | None = None,
        credential: Credential = NO_CREDENTIAL,
    ) -> None:
        super().__init__(ErrorCode.UNAUTHENTICATED, message, hint=hint)
        self.reason = reason
        self.credential = credential
