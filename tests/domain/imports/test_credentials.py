"""Telling credentials from plain values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.imports.credentials import (
    has_url_password,
    is_credential,
    is_credential_name,
    is_to_be_filled_in,
    looks_like_credential,
    split_scheme,
)

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "name",
    ["API_KEY", "GITHUB_PERSONAL_ACCESS_TOKEN", "X-Api-Key", "apiKey", "APIKEY", "PGPASSWORD",
     "MYSQL_PWD", "client-secret", "GITHUB_PAT", "GOOGLE_APPLICATION_CREDENTIALS", "AUTH",
     "Authorization", "Cookie", "SENTRY_DSN", "--api-key", "accessToken", "API_KEYS", "DB_PASS"],
)  # fmt: skip
def test_a_name_of_a_credential_is_one(name: str) -> None:
    assert is_credential_name(name)


@pytest.mark.parametrize(
    "name",
    ["PORT", "LOG_LEVEL", "MAX_TOKENS", "KEYCLOAK_REALM", "AUTHOR", "TOKEN_FILE", "AUTH_URL",
     "KEY_PREFIX", "PATH", "PATTERN", "COMPASS", "", "_", "AUTH_MODE", "HOME"],
)  # fmt: skip
def test_a_name_of_something_else_is_none(name: str) -> None:
    assert not is_credential_name(name)


@pytest.mark.parametrize(
    "value",
    ["sk-proj-abcdefghijk", "sk_live_abcdefgh", "ghp_abcdefghijkl", "github_pat_11ABCDEFG",
     "xoxb-1234-5678-abc", "AKIAIOSFODNN7EXAMPLE", JWT, "Bearer abc", "bearer abc.def",
     "postgres://me:pw@db/x", "9f86d081884c7d659a2feaa0c55ad015", "Zm9vYmFyMTIzNDU2Nzg5MA==",
     "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY", "https://h/mcp?api_key=x",
     "https://hooks.example.com/services/T0/9f86d081884c7d659a2f", "git+https://ghp_abcdefghij@h/x", "-----BEGIN PRIVATE KEY-----\nx"],
)  # fmt: skip
def test_a_value_that_looks_like_a_credential_is_one_under_any_name(value: str) -> None:
    assert looks_like_credential(value)
    assert is_credential("WHATEVER", value)


@pytest.mark.parametrize(
    "value",
    ["", "info", "8080", "https://api.example.com/v1", "/home/me/projects/a1b2c3d4e5f6a7b8c9",
     "claude-3-5-sonnet-20241022", "@modelcontextprotocol/server-memory", "C:\\Users\\me\\x",
     "some words that a person wrote in 2024", "e0e45f4c-3c1a-4c4b-9d4e-0f1a2b3c4d5e",
     "image@sha256:9f86d081884c7d659a2feaa0c55ad0159f86d081884c7d659a2feaa0c55ad015",
     "internationalization", "http://user@host/", "./dist/index.js", "http://[::1"],
)  # fmt: skip
def test_an_ordinary_value_is_none(value: str) -> None:
    assert not looks_like_credential(value)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [("USE_TOKEN", "true", False), ("KEY_COUNT", "12", False), ("API_KEY", "x", True),
     ("PASSWORD", "1234", True), ("PIN", "0000", True), ("API_KEY", "", True)],
)  # fmt: skip
def test_a_switch_is_no_credential_whatever_its_name_and_a_password_may_be_short(
    name: str, value: str, *, expected: bool
) -> None:
    assert is_credential(name, value) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("Bearer abc", ("Bearer {value}", "abc")), ("Basic  YTpi", ("Basic {value}", "YTpi")),
     ("token abc", ("token {value}", "abc")), ("abc", ("{value}", "abc"))],
)  # fmt: skip
def test_a_header_is_split_into_its_scheme_and_its_credential(
    value: str, expected: tuple[str, str]
) -> None:
    assert split_scheme(value) == expected


@pytest.mark.parametrize("value", ["", "  ", "<your key>", "YOUR_API_KEY", "xxxx", "...", "TODO"])
def test_a_blank_to_fill_in_is_told_from_a_value(value: str) -> None:
    assert is_to_be_filled_in(value)
    assert not is_to_be_filled_in(f"{value}k9")


@given(st.text(), st.text())
def test_any_text_gets_an_answer(name: str, value: str) -> None:
    assert is_credential(name, value) in (True, False)
    assert has_url_password(value) in (True, False)
    template, inner = split_scheme(value)
    assert template.count("{value}") == 1
    assert inner in value


@given(st.binary(min_size=24, max_size=48))
def test_a_random_key_in_hex_is_nearly_always_seen(key: bytes) -> None:
    text = key.hex()
    is_varied = len(set(text)) > 12
    assert looks_like_credential(text) or not is_varied
