"""A record of what a command has done: it passes no gate, its caller has the database itself."""

import getpass
import time
from collections.abc import Awaitable
from typing import TypeVar

from app.domain.audit import OK, AuditRecord
from app.domain.clock import utc_now
from app.domain.errors import AppError
from app.domain.policy import Action
from app.domain.principal import COMMAND_USERNAME, CredentialKind
from app.models.audit import MongoAudit
from app.mongo.database import Database
from app.services.audit import next_id

T = TypeVar("T")


async def recorded(
    database: Database, action: Action, work: Awaitable[T], target: str | None = None
) -> T:
    """What the work returns; how it went is in the audit then, under this machine's user.

    Raises:
        AppError: What the work raises.
    """
    started, outcome = time.perf_counter(), OK
    try:
        return await work
    except AppError as error:
        outcome = error.code.value
        raise
    finally:
        await MongoAudit(database).append([_record(action, target, outcome, started)])


def _record(action: Action, target: str | None, outcome: str, started: float) -> AuditRecord:
    return AuditRecord(
        id=next_id(),
        at=utc_now(),
        principal=COMMAND_USERNAME,
        credential_kind=CredentialKind.NONE,
        credential_id=None,
        credential_name=f"command, by {getpass.getuser()}",
        username=None,
        action=action,
        server_name=None,
        target=target,
        peer=None,
        request_id=next_id(),
        outcome=outcome,
        duration_milliseconds=round((time.perf_counter() - started) * 1000, 3),
        request_bytes=None,
        result_size=None,
    )
