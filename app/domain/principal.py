"""Who is calling, what they are, and for whom they may act."""

from dataclasses import dataclass
from datetime import datetime

from app.domain.errors import AppError, ErrorCode
from app.domain.names import check_username
from app.domain.word import Word

DEFAULT_USERNAME = "default"
# The user of the setting ADMIN_TOKEN, and who the commands on this machine are in the audit.
ADMIN_USERNAME = "admin"
COMMAND_USERNAME = "mcp-api"
UNKNOWN_USERNAME = "nobody"
# An admin may make a token for them; whoever an identity provider names is somebody else.
RESERVED_USERNAMES = frozenset(
    {DEFAULT_USERNAME, ADMIN_USERNAME, COMMAND_USERNAME, UNKNOWN_USERNAME}
)
# In `act_for`: every user. No user is called so: see `check_subject`.
ANYONE = "*"


class Role(Word):
    """What a principal is; `app.domain.policy` says what each may do."""

    ADMIN = "admin"
    OPERATOR = "operator"
    USER = "user"
    SERVICE = "service"


class CredentialKind(Word):
    """What a caller proved who they are with."""

    NONE = "none"
    TOKEN = "token"
    ADMIN_TOKEN = "admin_token"
    OIDC = "oidc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What stands in the record of an operation; never the secret itself.

    `id` names a stored token; `name` is for people: a token's name, an issuer's address.
    """

    kind: CredentialKind
    id: str | None = None
    name: str | None = None


NO_CREDENTIAL = Credential(kind=CredentialKind.NONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The caller of one request, as the edge established it.

    `subject` is the user whose secrets are used by default. `act_for` counts for a service only.
    """

    subject: str
    roles: frozenset[Role] = frozenset()
    groups: frozenset[str] = frozenset()
    act_for: frozenset[str] = frozenset()
    credential: Credential = NO_CREDENTIAL
    expires_at: datetime | None = None

    @property
    def may_act_for_anyone(self) -> bool:
        """Whether any user may be named."""
        is_any_service = Role.SERVICE in self.roles and ANYONE in self.act_for
        return Role.ADMIN in self.roles or is_any_service

    @property
    def users(self) -> frozenset[str] | None:
        """Every user who may be named; None for any."""
        if self.may_act_for_anyone:
            return None
        others = self.act_for if Role.SERVICE in self.roles else frozenset()
        return others | {self.subject}

    def may_act_for(self, username: str) -> bool:
        """Whether that user may be named."""
        if username == self.subject or self.may_act_for_anyone:
            return True
        return Role.SERVICE in self.roles and username in self.act_for


# A caller who is not known yet: without a role everything is refused.
NOBODY = Principal(subject=UNKNOWN_USERNAME)


_LOCAL = Principal(subject=DEFAULT_USERNAME, roles=frozenset({Role.ADMIN}))


def local_principal() -> Principal:
    """Whoever reaches a service without authentication: the machine's own user, an admin."""
    return _LOCAL


def check_subject(username: str) -> None:
    """Accept what can be a principal's name.

    Raises:
        AppError: INVALID_INPUT.
    """
    check_username(username)
    if username == ANYONE:
        raise AppError(
            ErrorCode.INVALID_INPUT, f"No user can be called {ANYONE!r}.", path=("username",)
        )
