"""The query for audit records."""

from datetime import datetime
from typing import Annotated

import strawberry

from app.domain.audit import AuditFilter
from app.domain.policy import Action
from app.resolvers.context import Info
from app.resolvers.inputs import page_request
from app.resolvers.types.audit import AuditRecordType
from app.resolvers.types.node import After, Connection, First
from app.services.audit_query import list_audit


@strawberry.input(name="AuditFilter", description="Which records are meant; nothing means any.")
class AuditFilterInput:
    """The filter of auditRecords."""

    principal: str | None = strawberry.field(default=None, description="Done by this caller.")
    username: str | None = strawberry.field(default=None, description="Done for this user.")
    action: Action | None = strawberry.field(default=None, description="Of this kind.")
    server_name: str | None = strawberry.field(default=None, description="Concerning this server.")
    outcome: str | None = strawberry.field(
        default=None, description="That went this way: `OK`, or an error code, for example."
    )
    request_id: str | None = strawberry.field(default=None, description="Of this request.")
    since: datetime | None = strawberry.field(
        default=None, description="Over at this time or later."
    )
    until: datetime | None = strawberry.field(default=None, description="Over before this time.")

    def only(self) -> AuditFilter:
        """The filter as domain data."""
        return AuditFilter(
            principal=self.principal,
            username=self.username,
            action=self.action,
            server_name=self.server_name,
            outcome=self.outcome,
            request_id=self.request_id,
            since=self.since,
            until=self.until,
        )


@strawberry.type
class AuditQueries:
    """The audit field of Query."""

    @strawberry.field(
        description="What was done, newest first: every change, every tool call, every refusal. "
        "Admins see everybody's records, others their own. A record is there a moment after "
        "what it tells of."
    )
    async def audit_records(
        self,
        info: Info,
        filter: Annotated[
            AuditFilterInput | None, strawberry.argument(description="Which are meant.")
        ] = None,
        first: First = 50,
        after: After = None,
    ) -> Connection[AuditRecordType]:
        """A page of records."""
        context, only = info.context, AuditFilter() if filter is None else filter.only()
        page = await list_audit(
            context.deps, context.principal, only, page_request("audit", first, after)
        )
        return Connection[AuditRecordType].of("audit", page, lambda r: r.id, AuditRecordType.of)
