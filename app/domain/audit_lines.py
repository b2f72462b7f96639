"""Audit records as JSON lines: for export, and for what waits on the disk."""

from datetime import datetime

import orjson

from app.domain.audit import AuditRecord
from app.domain.policy import Action
from app.domain.principal import CredentialKind


def to_line(record: AuditRecord) -> bytes:
    """One record as one line of JSON, without its line break; times are RFC 3339."""
    return orjson.dumps(record._asdict(), option=orjson.OPT_UTC_Z)


def from_line(line: bytes) -> AuditRecord:
    """The record in a line that `to_line` made.

    Raises:
        ValueError: It is none.
    """
    try:
        fields = orjson.loads(line)
        return AuditRecord(
            **{
                **fields,
                "at": datetime.fromisoformat(fields["at"]),
                "action": Action(fields["action"]),
                "credential_kind": CredentialKind(fields["credential_kind"]),
            }
        )
    except (TypeError, KeyError) as error:
        raise ValueError("no audit record") from error
