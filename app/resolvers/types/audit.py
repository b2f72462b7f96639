"""Records of what was done."""

from datetime import datetime
from typing import Self

import strawberry

from app.domain.audit import AuditRecord
from app.domain.policy import Action
from app.domain.principal import CredentialKind
from app.resolvers.types import viewer as _described  # noqa: F401 - makes the enums known
from app.resolvers.types.node import Node, node_id


@strawberry.type(
    name="AuditRecord",
    description="One operation that is over: names, sizes and times, never a value.",
)
class AuditRecordType(Node):
    """One record."""

    at: datetime = strawberry.field(description="When it was over.")
    principal: str = strawberry.field(
        description="Who did it; empty for a caller who was not known."
    )
    credential_kind: CredentialKind = strawberry.field(
        description="What they proved who they are with."
    )
    credential_id: str | None = strawberry.field(description="The token's id, if there was one.")
    credential_name: str | None = strawberry.field(
        description="The token's name, or the identity provider's address."
    )
    username: str | None = strawberry.field(description="For whom; null for what all users share.")
    action: Action = strawberry.field(description="What it was.")
    server_name: str | None = strawberry.field(description="The server that it concerned.")
    target: str | None = strawberry.field(
        description="What it concerned besides: a tool, a package, a secret or a token, by name; "
        "or why a caller was not known."
    )
    peer: str | None = strawberry.field(
        description="The address that the request came from; null for work without a request, "
        "and for somebody else's unless you are an admin."
    )
    request_id: str = strawberry.field(
        description="The request's id, which its answer carries as X-Request-Id."
    )
    outcome: str = strawberry.field(
        description="`OK`; `TOOL_ERROR` when the tool reported failure; `REPLAYED` when it "
        "had been done before and was answered again (Idempotency-Key); `CALLER_GONE` when the "
        "caller left before the end; or the code of the error."
    )
    duration_milliseconds: float = strawberry.field(description="How long it took.")
    request_bytes: int | None = strawberry.field(
        description="The length of the request's body, where it said so."
    )
    result_size: int | None = strawberry.field(
        description="How many characters of text and data a tool answered with."
    )
    lost_before: int = strawberry.field(
        description="How many records just before this one could not be kept, because the "
        "database was away for too long."
    )
    times: int = strawberry.field(
        description="How many refusals of the last minute it stands for; 1 for everything else."
    )

    @classmethod
    def of(cls, record: AuditRecord) -> Self:
        """The GraphQL record."""
        return cls(
            id=node_id("AuditRecord", record.id),
            at=record.at,
            principal=record.principal,
            credential_kind=record.credential_kind,
            credential_id=record.credential_id,
            credential_name=record.credential_name,
            username=record.username,
            action=record.action,
            server_name=record.server_name,
            target=record.target,
            peer=record.peer,
            request_id=record.request_id,
            outcome=record.outcome,
            duration_milliseconds=record.duration_milliseconds,
            request_bytes=record.request_bytes,
            result_size=record.result_size,
            lost_before=record.lost_before,
            times=record.times,
        )
