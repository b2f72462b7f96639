"""Whether callers must prove who they are: by tokens that were made, and by settings."""

from pathlib import Path

import pytest

from app.cli.machine import CannotStart, read_settings
from tests.cli.test_commands import refusal, run
from tests.identity.callers import ADMIN_TOKEN
from tests.identity.door import bearer, status, tokens
from tests.product import Product


def test_the_door_stays_locked_without_a_good_token(tmp_path: Path) -> None:
    """Revoking the last token, or a restart, does not make everybody an admin again."""
    assert run(tmp_path, "tokens", "create", "only").stdout.startswith("mcpapi_")
    product = Product(tmp_path).start()
    try:
        assert status(product) == 401
        (row,) = tokens(product, "list").splitlines()[1:]
        tokens(product, "revoke", row.split()[0])
        assert status(product) == 401
        assert "Authentication: on; every request needs a bearer token" in product.output()
    finally:
        product.stop()


def test_an_admin_token_may_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(f"{ADMIN_TOKEN}\n")
    path.chmod(0o644)
    assert "Others may read ADMIN_TOKEN_FILE" in refusal(tmp_path, ADMIN_TOKEN_FILE=str(path))
    path.chmod(0o600)
    product = Product(tmp_path, ADMIN_TOKEN_FILE=str(path)).start()
    try:
        assert (status(product), status(product, bearer(ADMIN_TOKEN))) == (401, 200)
        assert status(product, bearer(ADMIN_TOKEN + "x")) == 401
        assert ADMIN_TOKEN not in product.output()
    finally:
        product.stop()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"ADMIN_TOKEN": "short"}, "at least 32 characters"),
        ({"ADMIN_TOKEN": ADMIN_TOKEN, "AUTH": "off"}, "AUTH=off, and yet"),
        ({"ADMIN_TOKEN": ADMIN_TOKEN, "ADMIN_TOKEN_FILE": "x"}, "not both"),
        ({"OIDC_ISSUER": "https://x.example"}, "belong together"),
        ({"OIDC_ISSUER": "http://x.example", "OIDC_AUDIENCE": "a"}, "https://"),
        ({"OIDC_ALGORITHMS": "RS256,HS256"}, "never HS256"),
        ({"OIDC_ALGORITHMS": "none"}, "never HS256"),
        ({"OIDC_ROLE_NAMES": "x=root"}, "'admin'"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_settings_that_make_no_sense_stop_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(CannotStart) as caught:
        read_settings()
    assert words in str(caught.value)
    assert ADMIN_TOKEN not in str(caught.value)
