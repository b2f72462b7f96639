"""The record of what was done: names, sizes and times, never a value."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from app.domain.clock import is_within_utc
from app.domain.errors import invalid
from app.domain.policy import Action
from app.domain.principal import CredentialKind

OK: Final = "OK"
TOOL_ERROR: Final = "TOOL_ERROR"
# Carried out before, and only answered again (Idempotency-Key).
REPLAYED: Final = "REPLAYED"
# The caller left before it was over; what was done by then is not undone.
CALLER_GONE: Final = "CALLER_GONE"
# Recorded only when they are refused: they change nothing and call nobody.
READS: Final = frozenset(
    {
        Action.READ_VIEWER, Action.READ_PACKAGES, Action.WATCH_PACKAGES,
        Action.CHECK_PACKAGE_UPDATES, Action.PREVIEW_UNINSTALL, Action.READ_SERVERS,
        Action.READ_SERVER_DETAILS,
        Action.READ_SESSIONS, Action.WATCH_SESSIONS, Action.WATCH_LISTINGS, Action.LIST_TOOLS,
        Action.LIST_ENTRIES, Action.COMPLETE, Action.READ_SECRETS, Action.PREFLIGHT_SECRETS,
        Action.READ_KEYS, Action.WATCH_ROTATION, Action.READ_TOKENS, Action.READ_AUDIT,
    }
)  # fmt: skip
MOST_OF_A_NAME = 200
# Where a block of a result holds what it is about (MCP spec, Tools, Tool Result).
_HELD: Final = frozenset(("text", "data", "blob"))


class AuditRecord(NamedTuple):
    """One operation that is over: who did what for whom, from where, and how it went.

    A tuple, for one is made with every call.

    `id` is unique and grows with time; `at` is when the operation was over. `target` names what
    was concerned beside the server: a tool, a package, a secret, a token. `outcome` is OK,
    TOOL_ERROR, REPLAYED, CALLER_GONE or an error code. `request_bytes` is the length of the body
    that asked for it, `result_size` how many characters of text and data a tool answered with.
    `lost_before` counts records that could not be kept just before this one; `times` is how many
    refusals that are alike it stands for.
    """

    id: str
    at: datetime
    principal: str
    credential_kind: CredentialKind
    credential_id: str | None
    credential_name: str | None
    username: str | None
    action: Action
    server_name: str | None
    target: str | None
    peer: str | None
    request_id: str
    outcome: str
    duration_milliseconds: float
    request_bytes: int | None
    result_size: int | None
    lost_before: int = 0
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which records are meant; None means any. `concerning`: done by that user, or for them."""

    concerning: str | None = None
    id: str | None = None
    principal: str | None = None
    username: str | None = None
    action: Action | None = None
    server_name: str | None = None
    outcome: str | None = None
    request_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def check_filter(only: AuditFilter) -> None:
    """Accept a filter whose times make sense.

    Raises:
        AppError: INVALID_INPUT.
    """
    for name, at in (("since", only.since), ("until", only.until)):
        if at is not None and at.tzinfo is None:
            raise invalid(f"{name} must say its time zone.", "filter", name)
        if at is not None and not is_within_utc(at):
            raise invalid(f"{name} must lie in the years 1 to 9999 of UTC.", "filter", name)
    if only.since is not None and only.until is not None and only.since > only.until:
        raise invalid("since must not be after until.", "filter", "since")


def is_recorded(action: Action, outcome: str, *, is_malformed: bool = False) -> bool:
    """Whether an operation leaves a record: every change and every call, and every refusal.

    `is_malformed` says that the user whom it was for cannot be one.
    """
    return action not in READS or outcome == "FORBIDDEN" or is_malformed


def size_of(raw: Mapping[str, object]) -> int:
    """How many characters of text and data a tool's result holds; looks at no more than that."""
    content = raw.get("content")
    if not isinstance(content, list):
        return 0
    size = 0
    for block in content:
        if isinstance(block, dict):
            size += _length(block)
            if "resource" in block and isinstance(resource := block["resource"], dict):
                size += _length(resource)
    return size


def cut_name(name: str | None) -> str | None:
    """A name as it is kept: what callers send may be of any length."""
    if name is None or len(name) <= MOST_OF_A_NAME:
        return name
    return f"{name[: MOST_OF_A_NAME - 1]}…"


def _length(part: Mapping[str, object]) -> int:
    length = 0
    for name, value in part.items():
        if name in _HELD and isinstance(value, str):
            length += len(value)
    return length
