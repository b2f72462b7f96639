"""Reading the records of what was done."""

from dataclasses import replace

from app.domain.audit import AuditFilter, AuditRecord, check_filter
from app.domain.errors import invalid
from app.domain.page import Page, PageRequest, check_page, cut_page
from app.domain.policy import Action
from app.domain.principal import Principal, Role
from app.services.access import operation
from app.services.deps import Deps


async def list_audit(
    deps: Deps, caller: Principal, only: AuditFilter, page: PageRequest
) -> Page[AuditRecord]:
    """Records, newest first; the cursor is a record's id.

    Admins see everybody's, others what they did and what was done for them, or for the user
    that the filter names, if they may act for that one. Where somebody else called from is for
    admins only.

    Raises:
        AppError: FORBIDDEN or INVALID_INPUT.
    """
    is_admin = Role.ADMIN in caller.roles
    username = None if is_admin else only.username
    async with operation(deps, caller, Action.READ_AUDIT, username=username):
        check_page(page)
        check_filter(only)
        if page.after is not None and not page.after.isalnum():
            raise invalid("after is not a cursor of this listing.", "after")
        if is_admin:
            return cut_page(await deps.audit.store.list_page(only, page), page.first)
        if username in (None, caller.subject):
            only = replace(only, concerning=caller.subject)
        found = await deps.audit.store.list_page(only, page)
        return cut_page([_for(caller, record) for record in found], page.first)


async def find_audit(deps: Deps, caller: Principal, record_id: str) -> AuditRecord | None:
    """The record of that id, if the caller may see it.

    Raises:
        AppError: FORBIDDEN.
    """
    page = await list_audit(deps, caller, AuditFilter(id=record_id), PageRequest(1, None))
    return next(iter(page.items), None)


def _for(caller: Principal, record: AuditRecord) -> AuditRecord:
    if record.principal == caller.subject:
        return record
    return record._replace(peer=None, credential_id=None, credential_name=None)
