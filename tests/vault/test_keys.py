"""The deployment's key: how it is written, and the file it may be kept in."""

import base64
import os
import stat
from pathlib import Path

import pytest

from app.vault.keys import (
    KEY_FILE,
    key_id,
    load_or_make_key_file,
    make_key,
    parse_key,
    parse_key_source,
    parse_old_keys,
    read_key_file,
)
from app.vault.passphrase import KeyProblem, Passphrase

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
    assert parse_key_source(text) == KEY


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
    for parse in (parse_key, parse_key_source):  # none of these is a passphrase either
        with pytest.raises(KeyProblem) as caught:
            parse(text)
        said = str(caught.value)
        assert "openssl rand -base64 32" in said or "Remove them." in said
        assert len(text.strip()) < 5 or text not in said
        assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    "text", [f"{BASE64[:20]}\n{BASE64[20:]}", f"{KEY.hex()[:32]} {KEY.hex()[32:]}"]
)
def test_a_key_that_was_broken_up_is_told_so(text: str) -> None:
    with pytest.raises(KeyProblem, match="is a key with blanks or line breaks in it") as caught:
        parse_key_source(text)
    assert text.split(maxsplit=1)[0] not in str(caught.value)


@pytest.mark.parametrize("change", [1, 2, 3])
def test_a_key_with_characters_lost_or_doubled_is_not_taken_for_a_passphrase(change: int) -> None:
    for spelling in (BASE64, BASE64.rstrip("="), KEY.hex()):
        for text in (spelling[change:], spelling[:-change], spelling[:change] + spelling):
            if text.rstrip("=") == BASE64.rstrip("="):
                continue
            with pytest.raises(KeyProblem, match="looks like a mistyped key"):
                parse_key_source(text)


def test_old_keys_are_separated_by_commas() -> None:
    words = "nine wet otters under a bridge"
    assert parse_old_keys(f"{BASE64}, {KEY.hex()},,{words} ,") == [KEY, KEY, Passphrase(words)]
    assert parse_old_keys("") == []
    with pytest.raises(KeyProblem, match=r"^Entry 2 of SECRETS_KEYS_OLD ") as caught:
        parse_old_keys(f"{BASE64},planted")
    assert "planted" not in str(caught.value)


def test_a_key_that_is_made_is_taken() -> None:
    first, second = make_key(), make_key()
    assert first != second
    assert isinstance(parse_key_source(first), bytes)


def key_file(folder: Path, content: str, mode: int = 0o600) -> Path:
    path = folder / "mounted"
    path.write_text(content)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("content", [BASE64 + "\n", KEY.hex()])
def test_a_key_may_come_from_a_file_and_through_a_link(tmp_path: Path, content: str) -> None:
    path = key_file(tmp_path, content)
    assert read_key_file(path) == KEY
    (tmp_path / "link").symlink_to(path)
    assert read_key_file(tmp_path / "link") == KEY


def test_a_passphrase_may_come_from_a_file(tmp_path: Path) -> None:
    path = key_file(tmp_path, "nine wet otters under a bridge\n", 0o400)
    assert read_key_file(path) == Passphrase("nine wet otters under a bridge")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o602])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = key_file(tmp_path, BASE64, mode)
    with pytest.raises(KeyProblem, match=r"Others may read SECRETS_KEY_FILE=.*chmod 600") as caught:
        read_key_file(path)
    assert BASE64 not in str(caught.value)
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_file_that_is_none_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path, said in ((tmp_path / "none", "cannot be read: No such file"),
                       (tmp_path / "pipe", "is not a file"), (tmp_path, "is not a file")):  # fmt: skip
        with pytest.raises(KeyProblem, match=said):
            read_key_file(path)


@pytest.mark.parametrize("content", ["", "planted", "\x00" * 50, "x" * 10_000])
def test_a_file_without_a_key_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(KeyProblem, match=r"^The content of SECRETS_KEY_FILE=") as caught:
        read_key_file(key_file(tmp_path, content))
    assert "planted" not in str(caught.value)


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
