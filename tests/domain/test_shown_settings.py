"""Settings as they are shown: nothing that looks like a credential, and nothing lost by it."""

from dataclasses import replace

from app.domain.server import ServerSettings
from app.domain.shown_settings import shown_settings, with_masked_kept

TOKEN = "ghp_0123456789abcdefghijABCDEFGHIJ012345"
SETTINGS = ServerSettings(
    name="s",
    command="node",
    env={"API_KEY": "an ordinary word", "COLOUR": "blue", "ODD": TOKEN},
    headers={"Authorization": "Bearer abc", "Accept-Language": "de"},
)
MASKED = {"API_KEY": "[secret]", "COLOUR": "blue", "ODD": "[secret]"}


def test_what_looks_like_a_credential_by_name_or_by_value_is_not_shown() -> None:
    shown = shown_settings(SETTINGS)
    assert shown.env == MASKED
    assert shown.headers == {"Authorization": "[secret]", "Accept-Language": "de"}
    assert replace(shown, env=SETTINGS.env, headers=SETTINGS.headers) == SETTINGS


def test_what_was_shown_can_be_written_back() -> None:
    assert with_masked_kept(shown_settings(SETTINGS), SETTINGS) == SETTINGS
    changed = replace(SETTINGS, env={**MASKED, "ODD": "new", "MORE": "[secret]"}, headers={})
    assert with_masked_kept(changed, SETTINGS).env == {
        "API_KEY": "an ordinary word", "COLOUR": "blue", "ODD": "new", "MORE": "[secret]",
    }  # fmt: skip
    assert with_masked_kept(changed, SETTINGS).headers == {}
