"""What each role may do: the one place that decides, and it knows nothing but plain data.

Whatever is not granted here is refused. `app.services.access` asks for every operation.
"""

from collections.abc import Mapping
from enum import StrEnum, auto
from functools import cache
from typing import Final, NamedTuple

from app.domain.errors import AppError, ErrorCode
from app.domain.principal import Principal, Role
from app.domain.secret import SHARED
from app.domain.server_access import ServerAccess, admits
from app.domain.word import Word


class Action(Word):
    """Every operation of every door."""

    AUTHENTICATE = auto()
    READ_VIEWER = auto()

    READ_PACKAGES = auto()
    WATCH_PACKAGES = auto()
    CHECK_PACKAGE_UPDATES = auto()
    INSTALL_PACKAGE = auto()
    UPGRADE_PACKAGE = auto()
    ROLL_BACK_PACKAGE = auto()
    SET_PACKAGE_ENABLED = auto()
    SET_UPGRADE_POLICY = auto()
    CANCEL_PACKAGE_OPERATION = auto()
    PREVIEW_UNINSTALL = auto()
    UNINSTALL_PACKAGE = auto()

    READ_SERVERS = auto()
    READ_SERVER_DETAILS = auto()
    ADD_SERVER = auto()
    UPDATE_SERVER = auto()
    SET_SERVER_ENABLED = auto()
    RESTART_SERVER = auto()
    DELETE_SERVER = auto()

    READ_SESSIONS = auto()
    WATCH_SESSIONS = auto()
    WATCH_LISTINGS = auto()

    LIST_TOOLS = auto()
    CALL_TOOL = auto()
    CANCEL_CALL = auto()
    LIST_ENTRIES = auto()
    READ_RESOURCE = auto()
    GET_PROMPT = auto()
    COMPLETE = auto()

    READ_SECRETS = auto()
    SET_SECRET = auto()
    DELETE_SECRET = auto()
    PREFLIGHT_SECRETS = auto()

    REMOVE_USER = auto()
    READ_KEYS = auto()
    ROTATE_KEYS = auto()
    WATCH_ROTATION = auto()
    READ_TOKENS = auto()
    CREATE_TOKEN = auto()
    REVOKE_TOKEN = auto()
    READ_AUDIT = auto()


_OF_USERS: Final = frozenset(
    {
        Action.AUTHENTICATE,
        Action.READ_VIEWER, Action.READ_SERVERS, Action.READ_SESSIONS, Action.WATCH_SESSIONS,
        Action.WATCH_LISTINGS, Action.LIST_TOOLS, Action.CALL_TOOL, Action.CANCEL_CALL,
        Action.LIST_ENTRIES, Action.READ_RESOURCE, Action.GET_PROMPT, Action.COMPLETE,
        Action.READ_SECRETS, Action.SET_SECRET, Action.DELETE_SECRET, Action.PREFLIGHT_SECRETS,
        Action.READ_AUDIT,
    }
)  # fmt: skip
_OF_OPERATORS: Final = _OF_USERS | {
    Action.READ_PACKAGES, Action.WATCH_PACKAGES, Action.CHECK_PACKAGE_UPDATES,
    Action.INSTALL_PACKAGE, Action.UPGRADE_PACKAGE, Action.ROLL_BACK_PACKAGE,
    Action.SET_PACKAGE_ENABLED, Action.SET_UPGRADE_POLICY, Action.CANCEL_PACKAGE_OPERATION,
    Action.PREVIEW_UNINSTALL, Action.UNINSTALL_PACKAGE, Action.READ_SERVER_DETAILS,
    Action.ADD_SERVER, Action.UPDATE_SERVER, Action.SET_SERVER_ENABLED, Action.RESTART_SERVER,
    Action.DELETE_SERVER,
}  # fmt: skip

GRANTS: Final[Mapping[Role, frozenset[Action]]] = {
    Role.USER: _OF_USERS,
    Role.SERVICE: _OF_USERS,
    Role.OPERATOR: _OF_OPERATORS,
    Role.ADMIN: frozenset(Action),
}


class Target(NamedTuple):
    """What an operation concerns: a user (SHARED for what belongs to all), and a server's rules.

    No user means the caller; no rules mean no particular server.
    """

    username: str | None = None
    access: ServerAccess | None = None


NOTHING: Final = Target()


class Refusal(StrEnum):
    """Why an operation is refused."""

    ROLE = auto()
    USER = auto()
    SHARED = auto()
    SERVER = auto()


def decide(principal: Principal, action: Action, target: Target = NOTHING) -> Refusal | None:
    """None when the principal may do that; else why not."""
    user = principal.subject if target.username is None else target.username
    refusal = decide_for(principal, action, user)
    if refusal is not None or target.access is None:
        return refusal
    return None if reaches(principal, action, user, target.access) else Refusal.SERVER


def decide_for(principal: Principal, action: Action, user: str) -> Refusal | None:
    """The same for a user (SHARED for what belongs to all) while no server's rules are known."""
    if action not in _granted(principal.roles):
        return Refusal.ROLE
    if user == SHARED:
        return None if Role.ADMIN in principal.roles else Refusal.SHARED
    is_fine = user == principal.subject or principal.may_act_for(user)
    return None if is_fine else Refusal.USER


def is_granted(principal: Principal, action: Action) -> bool:
    """Whether one of the principal's roles may do that at all."""
    return action in _granted(principal.roles)


@cache  # there are few sets of roles, and many questions
def _granted(roles: frozenset[Role]) -> frozenset[Action]:
    return frozenset[Action]().union(*(GRANTS[role] for role in roles))


def refuse(refusal: Refusal, action: Action, username: str | None) -> AppError:
    """The FORBIDDEN of a refusal. A server that somebody may not reach is not found instead."""
    if refusal is Refusal.USER:
        return AppError(
            ErrorCode.FORBIDDEN,
            f"You may not act for the user {username!r}.",
            path=("username",),
            hint="Leave username out to act as yourself.",
        )
    if refusal is Refusal.SHARED:
        return AppError(
            ErrorCode.FORBIDDEN,
            "You may not see or change the secrets that all users share.",
            path=("shared",),
        )
    words = action.value.replace("_", " ")
    return AppError(
        ErrorCode.FORBIDDEN,
        f"Your role does not include this: {words}.",
        hint="Ask an admin of this service for a token that may; the query viewer says what "
        "yours may do.",
    )


def reaches(principal: Principal, action: Action, user: str, access: ServerAccess) -> bool:
    """Whether a server's rules let the user in.

    Admins are let in everywhere, and operators to manage: both could change the rules. The
    groups of a service count for every user it acts for.
    """
    if Role.ADMIN in principal.roles:
        return True
    is_managing = Role.OPERATOR in principal.roles and action not in _USES
    return is_managing or admits(access, user, principal.groups)


_USES: Final = frozenset(
    {
        Action.CALL_TOOL, Action.LIST_ENTRIES, Action.READ_RESOURCE, Action.GET_PROMPT,
        Action.COMPLETE,
    }
)  # fmt: skip
