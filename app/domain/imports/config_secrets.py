"""Credentials in variables, headers and addresses, taken out of them into bindings."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

from app.domain.address import OWN_HEADERS
from app.domain.delivery import VALUE, Delivery, SecretBinding
from app.domain.imports.credentials import (
    is_credential,
    is_to_be_filled_in,
    looks_like_credential,
    split_scheme,
)
from app.domain.imports.naming import fit_secret_name
from app.domain.imports.placeholders import find_asked


@dataclass(frozen=True, slots=True)
class Found:
    """A secret's binding, and its value or, in `source`, what the file says about who has it."""

    binding: SecretBinding
    value: str | None = field(repr=False)
    source: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """An address without its credentials."""

    url: str = field(repr=False)
    secrets: tuple[Found, ...]
    has_secret_path: bool


def split_environment(
    env: Mapping[str, str], taken: set[str]
) -> tuple[dict[str, str], list[Found]]:
    """The plain variables, and the secrets among them; `taken` are the names used so far.

    Raises:
        Unresolved: One has a placeholder that cannot be filled in here.
    """
    return _split(env, Delivery.ENVIRONMENT, taken)


def split_headers(
    headers: Mapping[str, str], taken: set[str], notes: list[str]
) -> tuple[dict[str, str], list[Found]]:
    """The plain headers, and the secrets among them; notes say which are left out.

    Raises:
        Unresolved: One has a placeholder that cannot be filled in here.
    """
    ours = [name for name in headers if name.lower() in OWN_HEADERS]
    notes += [f"the header {name} is left out: it is set for every request" for name in ours]
    kept = {name: value for name, value in headers.items() if name not in ours}
    return _split(kept, Delivery.HEADER, taken)


def split_url(url: str, taken: set[str], *, has_authorization: bool) -> Address | str:
    """The address and its secrets, or why it cannot be used.

    Raises:
        Unresolved: It has a placeholder that cannot be filled in here.
    """
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        if parts.port == 0 or not parts.hostname:
            return "Its url is no address."
    except ValueError:
        return "Its url is no address."
    if find_asked(parts.path) or find_asked(parts.netloc):
        return "Its url is different for each user, which cannot be delivered yet."
    secrets = []
    if host != parts.netloc:
        if has_authorization:
            return (
                "It has credentials both in its url and in its header Authorization. "
                "Take those out of one of them."
            )
        secrets.append(_basic(parts, taken))
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    plain, found = _split(dict(pairs), Delivery.QUERY, taken)
    # What has no credential in it is kept as it is spelled.
    query = urlencode([pair for pair in pairs if pair[0] in plain]) if found else parts.query
    bare = parts._replace(netloc=host, query=query).geturl()
    is_secret = any(map(looks_like_credential, filter(None, parts.path.split("/"))))
    return Address(bare, (*secrets, *found), is_secret)


def _split(
    values: Mapping[str, str], way: Delivery, taken: set[str]
) -> tuple[dict[str, str], list[Found]]:
    plain: dict[str, str] = {}
    secrets: list[Found] = []
    for name, value in values.items():
        asked = find_asked(value)
        if asked is not None:
            binding = _binding(fit_secret_name(name, taken), way, name, asked.template)
            secrets.append(Found(binding, None, asked.source))
        elif is_credential(name, value):
            secrets.append(_found(name, value, way, taken))
        else:
            plain[name] = value
    return plain, secrets


def _found(name: str, value: str, way: Delivery, taken: set[str]) -> Found:
    template, inner = split_scheme(value) if way is Delivery.HEADER else (VALUE, value)
    binding = _binding(fit_secret_name(name, taken), way, name, template)
    if not is_to_be_filled_in(inner):
        return Found(binding, inner)
    # One that is left empty may well be left out.
    return Found(replace(binding, is_required=bool(inner.strip())), None, "it is not filled in")


def _basic(parts: SplitResult, taken: set[str]) -> Found:
    """User name and password of an address as the header that clients make of it (RFC 7617)."""
    pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    value = base64.b64encode(pair.encode()).decode()
    header = "Authorization"
    binding = _binding(fit_secret_name(header, taken), Delivery.HEADER, header, f"Basic {VALUE}")
    return Found(binding, value)


def _binding(name: str, way: Delivery, target: str, template: str) -> SecretBinding:
    return SecretBinding(
        name=name, delivery=way, target=target, template=template, is_required=True
    )
