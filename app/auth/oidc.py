"""Bearer tokens of an identity provider: JWTs, verified against its keys.

Sources: RFC 7519 (JWT), RFC 8725 (JWT best current practices), RFC 9068 (JWT access tokens).
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import jwt

from app.auth.jwks import Jwk, KeySet
from app.domain.errors import AppError
from app.domain.principal import (
    ANYONE,
    RESERVED_USERNAMES,
    Credential,
    CredentialKind,
    Principal,
    Role,
    check_subject,
)
from app.domain.unauthenticated import Unauthenticated

# The key type that each algorithm needs. No HMAC: its key would be the provider's public one.
KEY_TYPES: Mapping[str, str] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), "RSA"),
    **dict.fromkeys(("ES256", "ES384", "ES512"), "EC"),
    "EdDSA": "OKP",
}
# An id token or a logout token is none of ours, should it say so.
TYPES = (None, "jwt", "at+jwt", "application/at+jwt")


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcRules:
    """Which tokens are taken, and what their claims mean. A claim's name may be a dotted path.

    `username_prefix` goes before every name of a user; a token may be good for at most
    `longest_seconds` from when it was issued, 0 for any time.
    """

    issuer: str
    audience: str
    jwks_url: str | None = None
    algorithms: tuple[str, ...] = ("RS256", "ES256", "EdDSA")
    username_claim: str = "sub"
    username_prefix: str = ""
    roles_claim: str = "roles"
    groups_claim: str = "groups"
    act_for_claim: str | None = None
    role_names: Mapping[str, Role] = field(default_factory=dict)
    default_role: Role | None = Role.USER
    leeway_seconds: float = 30.0
    longest_seconds: float = 0.0


class OidcVerifier:
    """The TokenVerifier of one identity provider."""

    def __init__(self, rules: OidcRules, clock: Callable[[], float] = time.monotonic) -> None:
        self._rules = rules
        self._keys = KeySet(rules.issuer, rules.jwks_url, clock)

    async def verify(self, text: str) -> Principal:
        """The bearer of a token.

        Raises:
            AppError: UNAUTHENTICATED or IDENTITY_PROVIDER_UNAVAILABLE.
        """
        try:
            header = jwt.get_unverified_header(text)
        except (jwt.PyJWTError, ValueError):
            raise _refused("it is no JWT, and no token of this service") from None
        algorithm, kid, kind = header.get("alg"), header.get("kid"), header.get("typ")
        if algorithm not in self._rules.algorithms or algorithm not in KEY_TYPES:
            raise _refused("its algorithm is not one that this service takes")
        if (kind.lower() if isinstance(kind, str) else kind) not in TYPES:
            raise _refused("it is not an access token")
        candidates = await self._keys.find(kid if isinstance(kid, str) else None)
        key = _only_key(candidates, algorithm)
        return self._principal(self._claims(text, key, algorithm))

    def _claims(self, text: str, key: jwt.PyJWK, algorithm: str) -> Mapping[str, object]:
        rules = self._rules
        try:
            return jwt.decode(
                text,
                key,
                algorithms=[algorithm],
                audience=rules.audience,
                issuer=rules.issuer,
                leeway=rules.leeway_seconds,
                options={"require": ["exp", "iss", "aud"]},
            )
        except jwt.ExpiredSignatureError:
            raise _refused("it has expired") from None
        except jwt.ImmatureSignatureError:
            raise _refused("it is not valid yet") from None
        except jwt.InvalidAudienceError:
            raise _refused("it is for another service") from None
        except jwt.InvalidIssuerError:
            raise _refused("it is from another issuer") from None
        except jwt.MissingRequiredClaimError:
            raise _refused("it lacks exp, iss or aud") from None
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError):
            raise _refused("its signature or its claims are not in order") from None

    def _principal(self, claims: Mapping[str, object]) -> Principal:
        rules = self._rules
        expires_at = _expiry(claims)
        self._check_life(claims, expires_at)
        named = _texts(_claim(claims, rules.roles_claim))
        roles = {rules.role_names[name] for name in named if name in rules.role_names}
        if not roles and rules.default_role is not None:
            roles = {rules.default_role}
        return Principal(
            subject=self._subject(claims),
            roles=frozenset(roles),
            groups=frozenset(_texts(_claim(claims, rules.groups_claim))),
            act_for=self._act_for(claims),
            credential=Credential(kind=CredentialKind.OIDC, name=rules.issuer),
            expires_at=expires_at,
        )

    def _subject(self, claims: Mapping[str, object]) -> str:
        """The user, who is none of this service's own: those have secrets already."""
        rules = self._rules
        name = _claim(claims, rules.username_claim)
        if not isinstance(name, str):
            raise _refused(f"its claim {rules.username_claim} names no user")
        subject = rules.username_prefix + name
        try:
            check_subject(name)
            check_subject(subject)
        except AppError:
            raise _refused("the user that it names cannot be one here") from None
        if subject in RESERVED_USERNAMES:
            raise _refused("the user that it names is one of this service's own")
        return subject

    def _act_for(self, claims: Mapping[str, object]) -> frozenset[str]:
        """The provider knows its own users only: they get the prefix, too."""
        rules = self._rules
        if rules.act_for_claim is None:
            return frozenset()
        named = _texts(_claim(claims, rules.act_for_claim))
        return frozenset(
            ANYONE if name == ANYONE else rules.username_prefix + name for name in named
        )

    def _check_life(self, claims: Mapping[str, object], expires_at: datetime) -> None:
        """Nobody can take such a token back: it must end by itself, and soon."""
        longest, issued = self._rules.longest_seconds, claims.get("iat")
        begins = issued if isinstance(issued, int | float) else time.time()
        if longest and expires_at.timestamp() - begins > longest:
            raise _refused("it is good for longer than this service allows")


def _only_key(candidates: list[Jwk], algorithm: str) -> jwt.PyJWK:
    """The one key that may have made a signature of that algorithm."""
    fitting = [key for key in candidates if _fits(key, algorithm)]
    if len(fitting) != 1:
        raise _refused("no key of the identity provider fits it")
    try:
        return jwt.PyJWK(dict(fitting[0]), algorithm)
    except (jwt.PyJWTError, ValueError, TypeError):
        raise _refused("the key that it names cannot be used") from None


def _fits(key: Jwk, algorithm: str) -> bool:
    is_its_type = key.get("kty") == KEY_TYPES[algorithm]
    return is_its_type and key.get("alg") in (None, algorithm) and key.get("use") in (None, "sig")


def _claim(claims: Mapping[str, object], path: str) -> object:
    """A claim by its name, or by the names from the outside in, with dots between."""
    if path in claims:
        return claims[path]
    value: object = claims
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _texts(value: object) -> list[str]:
    """The texts in a claim: a list of them, or one with blanks between (RFC 8693, section 4.2)."""
    if isinstance(value, str):
        return value.split()
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else []


def _expiry(claims: Mapping[str, object]) -> datetime:
    expires = claims["exp"]
    if not isinstance(expires, int | float):
        raise _refused("its exp is no time")
    try:
        return datetime.fromtimestamp(expires, UTC)
    except (OverflowError, ValueError, OSError):
        raise _refused("its exp is no time") from None


def _refused(reason: str) -> Unauthenticated:
    return Unauthenticated(
        f"That token is not accepted: {reason}.",
        reason=reason,
        hint="Get a new one from the identity provider, or a token of this service.",
    )
