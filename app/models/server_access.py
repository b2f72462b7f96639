"""A server's rules of access, as part of its document."""

from typing import Any

from app.domain.server_access import OPEN, ServerAccess


def write_access(access: ServerAccess) -> dict[str, Any] | None:
    """The part of the document; None for a server that is open.

    The renamed tools are pairs: a tool's name may have dots and `$`, which a key may not.
    """
    if access == OPEN:
        return None
    return {
        "users": access.users,
        "groups": access.groups,
        "allowed_tools": access.allowed_tools,
        "denied_tools": access.denied_tools,
        "renamed_tools": [[*pair] for pair in access.renamed_tools.items()],
        "is_read_only": access.is_read_only,
    }


def read_access(row: dict[str, Any] | None) -> ServerAccess:
    """The rules in a document; those of before there were any are open."""
    if row is None:
        return OPEN
    return ServerAccess(
        users=_texts(row["users"]),
        groups=_texts(row["groups"]),
        allowed_tools=_texts(row["allowed_tools"]),
        denied_tools=tuple(row["denied_tools"]),
        renamed_tools=dict(row["renamed_tools"]),
        is_read_only=row["is_read_only"],
    )


def _texts(value: list[str] | None) -> tuple[str, ...] | None:
    return None if value is None else tuple(value)
