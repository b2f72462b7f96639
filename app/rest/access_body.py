"""The field `access` of a server: who may see and call it, and which of its tools."""

from collections.abc import Mapping
from typing import Any

from app.domain.server_access import ServerAccess
from app.rest.bodies import Body


class AccessBody(Body):
    """The rules; what is left out opens."""

    users: list[str] | None = None
    groups: list[str] | None = None
    allowed_tools: list[str] | None = None
    denied_tools: list[str] | None = None
    renamed_tools: dict[str, str] | None = None
    read_only: bool | None = None

    def access(self) -> ServerAccess:
        """The rules as domain data."""
        return ServerAccess(
            users=_texts(self.users),
            groups=_texts(self.groups),
            allowed_tools=_texts(self.allowed_tools),
            denied_tools=tuple(self.denied_tools or ()),
            renamed_tools=self.renamed_tools or {},
            is_read_only=bool(self.read_only),
        )


def access_body(access: ServerAccess) -> Mapping[str, Any]:
    """The documented rules."""
    return {
        "users": access.users,
        "groups": access.groups,
        "allowedTools": access.allowed_tools,
        "deniedTools": access.denied_tools,
        "renamedTools": access.renamed_tools,
        "readOnly": access.is_read_only,
    }


def _texts(value: list[str] | None) -> tuple[str, ...] | None:
    return None if value is None else tuple(value)
