"""Tokens of an identity provider: which are taken, and every way known to forge one."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.auth.jwks import FRESH_SECONDS, LONGEST_SECONDS, PAUSE_SECONDS
from app.auth.oidc import OidcRules, OidcVerifier
from app.domain.errors import AppError, ErrorCode
from app.domain.principal import CredentialKind, Role
from tests.auth.provider import AUDIENCE, NEW_KEYS, Provider, running_provider


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with running_provider() as provider:
        yield provider


def rules(provider: Provider) -> OidcRules:
    return OidcRules(issuer=provider.issuer, audience=AUDIENCE)


async def refusal(verifier: OidcVerifier, text: str) -> str:
    with pytest.raises(AppError) as caught:
        await verifier.verify(text)
    assert caught.value.code is ErrorCode.UNAUTHENTICATED
    assert text not in caught.value.sentence()
    return caught.value.message.removeprefix("That token is not accepted: ")


@pytest.mark.parametrize("algorithm", sorted(NEW_KEYS))
async def test_a_good_token_makes_its_bearer(provider: Provider, algorithm: str) -> None:
    provider.add_key("mine", algorithm)
    verifier = OidcVerifier(replace(rules(provider), algorithms=(algorithm,)))
    caller = await verifier.verify(provider.token("mine", groups=["red", "blue"]))
    assert (caller.subject, caller.roles, caller.groups, caller.act_for) == (
        "ada", frozenset({Role.USER}), frozenset({"red", "blue"}), frozenset[str](),
    )  # fmt: skip
    assert (caller.credential.kind, caller.credential.name) == (
        CredentialKind.OIDC, provider.issuer,
    )  # fmt: skip
    assert caller.expires_at is not None


async def test_claims_are_found_where_the_settings_say(provider: Provider) -> None:
    verifier = OidcVerifier(
        replace(
            rules(provider),
            username_claim="preferred_username",
            roles_claim="realm_access.roles",
            groups_claim="teams",
            act_for_claim="may_act_for",
            role_names={"mcp-admins": Role.ADMIN, "bots": Role.SERVICE},
        )
    )
    caller = await verifier.verify(
        provider.token(
            "one",
            preferred_username="Ada L.",
            realm_access={"roles": ["mcp-admins", "bots", "admin"]},
            teams="red blue",
            may_act_for=["bob", 7],
        )
    )
    assert (caller.subject, caller.roles) == ("Ada L.", frozenset({Role.ADMIN, Role.SERVICE}))
    assert (caller.groups, caller.act_for) == (frozenset({"red", "blue"}), frozenset({"bob"}))


async def test_no_role_is_given_by_its_name_alone(provider: Provider) -> None:
    text = provider.token("one", roles=["admin", "operator"])
    assert (await OidcVerifier(rules(provider)).verify(text)).roles == {Role.USER}
    strict = OidcVerifier(replace(rules(provider), default_role=None))
    assert (await strict.verify(text)).roles == frozenset()


NOW = time.time()


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": NOW - 60}, "it has expired."),
        ({"nbf": NOW + 86400}, "it is not valid yet."),
        ({"iat": NOW + 86400}, "it is not valid yet."),
        ({"aud": "https://another.example"}, "it is for another service."),
        ({"aud": None}, "it lacks exp, iss or aud."),
        ({"aud": []}, "it lacks exp, iss or aud."),
        ({"iss": "https://another.example"}, "it is from another issuer."),
        ({"iss": None}, "it lacks exp, iss or aud."),
        ({"exp": None}, "it lacks exp, iss or aud."),
        ({"exp": "soon"}, "its signature or its claims are not in order."),
        ({"sub": None}, "its claim sub names no user."),
        ({"sub": ""}, "the user that it names cannot be one here."),
        ({"sub": "*"}, "the user that it names cannot be one here."),
        ({"sub": "a\nb"}, "the user that it names cannot be one here."),
        ({"sub": "default"}, "the user that it names is one of this service's own."),
        ({"sub": "admin"}, "the user that it names is one of this service's own."),
        ({"sub": "mcp-api"}, "the user that it names is one of this service's own."),
        ({"sub": "nobody"}, "the user that it names is one of this service's own."),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value)),
)
async def test_claims_that_are_not_in_order_are_refused(
    provider: Provider, claims: dict[str, Any], reason: str
) -> None:
    verifier = OidcVerifier(rules(provider))
    assert await refusal(verifier, provider.token("one", **claims)) == reason


async def test_with_a_prefix_no_user_of_the_provider_is_called_like_one_of_ours(
    provider: Provider,
) -> None:
    verifier = OidcVerifier(
        replace(rules(provider), username_prefix="sso:", act_for_claim="may_act_for")
    )
    text = provider.token("one", sub="default", may_act_for=["bob", "*"])
    caller = await verifier.verify(text)
    assert (caller.subject, caller.act_for) == ("sso:default", frozenset({"sso:bob", "*"}))
    for name in ("", "*"):
        assert "cannot be one here" in await refusal(verifier, provider.token("one", sub=name))


@pytest.mark.parametrize("iat", [NOW - 10, None], ids=("issued", "unsaid"))
async def test_a_token_that_is_good_for_too_long_is_refused(
    provider: Provider, iat: float | None
) -> None:
    verifier = OidcVerifier(replace(rules(provider), longest_seconds=3600))
    text = provider.token("one", iat=iat, exp=NOW + 86400)
    assert await refusal(verifier, text) == "it is good for longer than this service allows."
    assert (await verifier.verify(provider.token("one", iat=iat))).subject == "ada"


async def test_a_clock_may_be_a_little_off(provider: Provider) -> None:
    verifier = OidcVerifier(rules(provider))
    assert (await verifier.verify(provider.token("one", exp=time.time() - 5))).subject == "ada"


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


ALGORITHM = "its algorithm is not one that this service takes."


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", ""])
async def test_a_token_without_a_signature_is_refused(provider: Provider, name: str) -> None:
    verifier = OidcVerifier(rules(provider))
    text = f"{part({'alg': name, 'kid': 'one'})}.{part(provider.claims())}."
    assert await refusal(verifier, text) == ALGORITHM


async def test_the_public_key_is_no_hmac_secret(provider: Provider) -> None:
    """The classic confusion: HS256 over the public key that everybody can read."""
    verifier = OidcVerifier(rules(provider))
    public = provider.keys["one"][1].public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = f"{part({'alg': 'HS256', 'kid': 'one'})}.{part(provider.claims())}"
    digest = hmac.new(pem, signed.encode(), hashlib.sha256).digest()
    text = f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"
    assert await refusal(verifier, text) == ALGORITHM


async def test_a_key_is_used_with_its_own_algorithm_only(provider: Provider) -> None:
    provider.add_key("curve", "ES256")
    verifier = OidcVerifier(replace(rules(provider), algorithms=("RS256", "RS512", "ES256")))
    key = provider.keys["one"][1]
    text = jwt.encode(provider.claims(), key, "RS512", headers={"kid": "one"})
    assert await refusal(verifier, text) == "no key of the identity provider fits it."
    text = jwt.encode(provider.claims(), key, "RS256", headers={"kid": "curve"})
    assert await refusal(verifier, text) == "no key of the identity provider fits it."


async def test_keys_in_the_token_itself_are_not_looked_at(provider: Provider) -> None:
    verifier = OidcVerifier(rules(provider))
    own: Any = NEW_KEYS["RS256"]()
    forger = Provider()
    forger.keys["one"] = ("RS256", own)
    header = {"kid": "one", "jwk": forger.jwk("one"), "jku": "http://127.0.0.1:1/keys"}
    text = jwt.encode(provider.claims(), own, "RS256", headers=header)
    assert await refusal(verifier, text) == "its signature or its claims are not in order."


async def test_a_changed_claim_breaks_the_signature(provider: Provider) -> None:
    verifier = OidcVerifier(rules(provider))
    head, _, signature = provider.token("one").split(".")
    text = f"{head}.{part(provider.claims(sub='root'))}.{signature}"
    assert await refusal(verifier, text) == "its signature or its claims are not in order."


@pytest.mark.parametrize(
    "text",
    ["", "a", "a.b.c", "....", "e30.e30.", "e30.e30.e30", "\ud800.b.c", "A" * 16_000],
    ids=("empty", "word", "letters", "dots", "braces", "objects", "surrogate", "huge"),
)
async def test_what_is_no_jwt_is_refused(provider: Provider, text: str) -> None:
    verifier = OidcVerifier(rules(provider))
    await refusal_of_rubbish(verifier, text)
    assert provider.reads == 0


async def refusal_of_rubbish(verifier: OidcVerifier, text: str) -> None:
    with pytest.raises(AppError) as caught:
        await verifier.verify(text)
    assert caught.value.code is ErrorCode.UNAUTHENTICATED


@pytest.mark.parametrize("kind", ["logout+jwt", "secevent+jwt", "dpop+jwt"])
async def test_other_kinds_of_tokens_are_refused(provider: Provider, kind: str) -> None:
    verifier = OidcVerifier(rules(provider))
    text = provider.token("one", header={"typ": kind})
    assert await refusal(verifier, text) == "it is not an access token."
    assert (await verifier.verify(provider.token("one", header={"typ": "at+jwt"}))).subject == "ada"


async def test_a_new_key_is_found_and_an_unknown_one_asked_for_once(
    provider: Provider,
) -> None:
    clock = Clock()
    verifier = OidcVerifier(rules(provider), clock)
    assert (await verifier.verify(provider.token("one"))).subject == "ada"
    assert (await verifier.verify(provider.token("one"))).subject == "ada"
    assert provider.reads == 1
    forger = Provider()
    forger.issuer = provider.issuer
    for number in range(20):
        forger.add_key(f"k{number}", "EdDSA")
        reason = await refusal(verifier, forger.token(f"k{number}"))
        assert reason == "no key of the identity provider fits it."
    assert provider.reads == 1  # within the pause nothing is fetched again
    clock.now += PAUSE_SECONDS + 1
    provider.add_key("two", "RS256")
    assert (await verifier.verify(provider.token("two"))).subject == "ada"
    assert provider.reads == 2


async def test_a_key_that_was_taken_back_is_no_longer_good(
    provider: Provider,
) -> None:
    clock = Clock()
    verifier = OidcVerifier(rules(provider), clock)
    text = provider.token("one")
    assert (await verifier.verify(text)).subject == "ada"
    provider.keys.clear()
    provider.add_key("two", "RS256")
    assert (await verifier.verify(text)).subject == "ada"  # until its keys are read again
    clock.now += FRESH_SECONDS + 1
    assert await refusal(verifier, text) == "no key of the identity provider fits it."


async def test_keys_outlive_a_provider_that_is_away_for_a_while(
    provider: Provider,
) -> None:
    clock = Clock()
    verifier = OidcVerifier(rules(provider), clock)
    assert (await verifier.verify(provider.token("one"))).subject == "ada"
    provider.is_broken = True
    clock.now += FRESH_SECONDS + 1
    assert (await verifier.verify(provider.token("one"))).subject == "ada"
    clock.now += LONGEST_SECONDS
    with pytest.raises(AppError) as caught:
        await verifier.verify(provider.token("one"))
    assert caught.value.code is ErrorCode.IDENTITY_PROVIDER_UNAVAILABLE


@pytest.mark.parametrize(
    "found", [{"issuer": "https://another.example"}, {"jwks_uri": "file:///x"}]
)
async def test_a_discovery_that_contradicts_itself_is_not_followed(
    provider: Provider, found: dict[str, object]
) -> None:
    provider.discovery |= found
    with pytest.raises(AppError) as caught:
        await OidcVerifier(rules(provider)).verify(provider.token("one"))
    assert (caught.value.code, provider.reads) == (ErrorCode.IDENTITY_PROVIDER_UNAVAILABLE, 0)
