"""The deployment's key: how it is written, and the file it may be kept in."""

import base64
import os
import stat
from pathlib import Path

import pytest

from app.vault.keys import KEY_FILE, KeyProblem, key_id, load_or_make_key_file, parse_key

KEY = bytes(range(200, 232))
BASE64 = base64.b64encode(KEY).decode()


@pytest.mark.parametrize(
    "text",
    [
        BASE64,
        BASE64.rstrip("="),
        base64.urlsafe_b64encode(KEY).decode(),
        base64.urlsafe_b64encode(KEY).decode().rstrip("="),
        KEY.hex(),
        KEY.hex().upper(),
        f"  {BASE64}\n",
    ],
)
def test_a_key_of_32_bytes_is_read_in_every_usual_spelling(text: str) -> None:
    assert parse_key(text) == KEY


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "changeme", "x" * 32, KEY.hex()[:-2], KEY.hex() + "00", KEY.hex()[:-1] + "g",
        base64.b64encode(KEY[:31]).decode(), base64.b64encode(KEY + b"x").decode(),
        BASE64.replace(BASE64[5], "!"), f"{BASE64[:10]} {BASE64[10:]}", "é" * 43,
        base64.b64encode(b"\0" * 32).decode(), "00" * 32, "ab" * 32, "0123" * 16,
    ],
)  # fmt: skip
def test_another_text_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(KeyProblem) as caught:
        parse_key(text)
    assert "openssl rand -base64 32" in str(caught.value)
    assert len(text.strip()) < 5 or text not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    key = load_or_make_key_file(tmp_path, may_make=True)
    path = tmp_path / KEY_FILE
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert parse_key(path.read_text()) == key
    assert load_or_make_key_file(tmp_path, may_make=True) == key
    assert os.listdir(tmp_path) == [KEY_FILE]


def test_two_folders_get_different_keys(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("a", "b")]
    for folder in folders:
        folder.mkdir()
    first, second = (load_or_make_key_file(folder, may_make=True) for folder in folders)
    assert first != second
    assert key_id(first) != key_id(second)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_file_that_others_may_read_is_refused_and_left_alone(
    tmp_path: Path, mode: int
) -> None:
    load_or_make_key_file(tmp_path, may_make=True)
    path = tmp_path / KEY_FILE
    before = path.read_text()
    path.chmod(mode)
    with pytest.raises(KeyProblem, match="chmod 600") as caught:
        load_or_make_key_file(tmp_path, may_make=True)
    assert before.strip() not in str(caught.value)
    assert path.read_text() == before
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.parametrize("content", ["", "not a key\n", "\x00" * 10])
def test_a_damaged_key_file_is_refused_and_never_replaced(tmp_path: Path, content: str) -> None:
    path = tmp_path / KEY_FILE
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(KeyProblem, match="holds no key"):
        load_or_make_key_file(tmp_path, may_make=True)
    assert path.read_text() == content


def test_a_link_in_place_of_the_key_file_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.write_text(BASE64)
    target.chmod(0o600)
    (tmp_path / KEY_FILE).symlink_to(target)
    with pytest.raises(OSError):
        load_or_make_key_file(tmp_path, may_make=True)
    assert target.read_text() == BASE64


def test_a_half_written_key_of_a_killed_process_is_not_used(tmp_path: Path) -> None:
    draft = (tmp_path / KEY_FILE).with_suffix(f".{os.getpid()}.new")
    draft.write_text("half a k")
    key = load_or_make_key_file(tmp_path, may_make=True)
    assert parse_key((tmp_path / KEY_FILE).read_text()) == key


def test_a_missing_key_file_is_not_replaced_where_there_is_a_database(tmp_path: Path) -> None:
    with pytest.raises(KeyProblem, match="is missing, but there is a database already"):
        load_or_make_key_file(tmp_path, may_make=False)
    assert list(tmp_path.iterdir()) == []
    key = load_or_make_key_file(tmp_path, may_make=True)
    assert load_or_make_key_file(tmp_path, may_make=False) == key
