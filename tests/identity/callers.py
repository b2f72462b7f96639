"""Who walks through every operation, and how an operation's outcome is read."""

from collections.abc import Mapping
from typing import Any

ADMIN_TOKEN = "the-admin-token-of-this-test-run-0123456789"
# Who asks. The server `s` is open to bob and ada; what an operation concerns belongs to ada.
CALLERS = ("nobody", "forger", "stranger", "user", "owner", "operator", "service", "admin")
TOKENS: Mapping[str, Mapping[str, object]] = {
    "stranger": {"name": "eve", "role": "USER"},
    "user": {"name": "bob", "role": "USER"},
    "owner": {"name": "ada", "role": "USER"},
    "operator": {"name": "olga", "role": "OPERATOR"},
    "service": {"name": "robot", "role": "SERVICE", "actFor": ["ada"]},
}
UNKNOWN = {"nobody": "UNAUTHENTICATED", "forger": "UNAUTHENTICATED"}
ALL = ("stranger", "user", "owner", "operator", "service", "admin")
MANAGERS = ("operator", "admin")
ADMINS = ("admin",)
# Who may act for ada.
HERS = ("owner", "service", "admin")

Expected = Mapping[str, str]


def only(allowed: tuple[str, ...], ok: str = "OK", refused: str = "FORBIDDEN") -> Expected:
    """Those get `ok`, and every other known caller `refused`."""
    return {**UNKNOWN, **{who: ok if who in allowed else refused for who in ALL}}


def reached(ok: str = "OK", unseen: str = "SERVER_NOT_FOUND") -> Expected:
    """What the users of `s` get, acting for themselves, and everybody else."""
    return only(("user", "owner", "admin"), ok, unseen)


def reached_for_ada(ok: str = "OK") -> Expected:
    """What those get who may act for ada; she may use `s`."""
    return only(HERS, ok)


def seen(ok: str = "OK", unseen: str = "SERVER_NOT_FOUND") -> Expected:
    """What those get who may see `s`: its users, and who may manage it."""
    return only(("user", "owner", "operator", "admin"), ok, unseen)


def outcome_of_graphql(answer: Mapping[str, Any]) -> str:
    """The code of an error, whichever way it is told; NULL for nothing, else OK."""
    if answer.get("errors"):
        return str(answer["errors"][0]["extensions"]["code"])
    (value,) = answer["data"].values()
    if value is None:
        return "NULL"
    return str(value["code"]) if isinstance(value, dict) and "code" in value else "OK"


def outcome_of_rest(answer: Mapping[str, Any]) -> str:
    """The code of a failure, else OK; a tool's own route and a document have no envelope."""
    return "OK" if answer.get("success", True) else str(answer["code"])
