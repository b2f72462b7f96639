"""`mcp-api keys`: on a product that serves and on one that does not."""

import base64
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from app.domain.clock import utc_now
from app.domain.secret import SecretRef
from app.mongo.embedded import socket_uri
from app.mongo.process import SOCKET_NAME, socket_folder
from app.vault.keys import key_id, load_or_make_key_file
from tests.cli.test_commands import KEY, run, serving
from tests.product import all_processes, read_proc
from tests.vault.first_version import seal_v1

REF = SecretRef("ada", "s", "k")
HEAD = "key           state    data keys  v1 secrets"
NEW_ID = key_id(base64.b64decode(KEY))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder whose product has an embedded database, and is not running."""
    with serving(tmp_path) as process:
        process.send_signal(signal.SIGINT)
        process.wait(10)
    yield tmp_path
    assert mongods(tmp_path) == []


def mongods(folder: Path) -> list[int]:
    path = str(folder / "data" / "mongodb").encode()
    return [pid for pid in all_processes() if path in read_proc(pid, "cmdline").split(b"\0")]


def own_key(folder: Path) -> bytes:
    return load_or_make_key_file(folder / "data", may_make=False)


def insert(folder: Path, key: bytes) -> None:
    """A secret of the first release, in the database of a product that serves."""
    uri = socket_uri(socket_folder(folder / "data") / SOCKET_NAME)
    now = utc_now()
    with MongoClient[dict[str, Any]](uri) as client:
        client["mcp"]["secrets"].insert_one(
            {"username": REF.username, "server_name": REF.server_name, "name": REF.name,
             "sealed": seal_v1(key, REF, "planted"), "key_id": key_id(key),
             "created_at": now, "updated_at": now}
        )  # fmt: skip


def lines(folder: Path, *arguments: str, code: int = 0, **settings: str) -> list[str]:
    finished = run(folder, "keys", *arguments, **settings)
    assert (finished.returncode, finished.stderr) == (code, "")
    return finished.stdout.splitlines()


def test_a_key_is_made(tmp_path: Path) -> None:
    (first,), (second,) = lines(tmp_path, "make"), lines(tmp_path, "make")
    assert first != second
    assert len(base64.b64decode(first)) == 32
    assert list(tmp_path.iterdir()) == []


def test_without_a_database_there_is_nothing_to_tell_and_nothing_is_made(tmp_path: Path) -> None:
    for command in ("status", "rotate"):
        finished = run(tmp_path, "keys", command)
        assert (finished.returncode, finished.stdout) == (1, "")
        assert finished.stderr == f"mcp-api: There is no database in {tmp_path}/data yet.\n"
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_is_away_is_said(tmp_path: Path) -> None:
    settings = {"MONGODB_URI": "mongodb://127.0.0.1:9", "SECRETS_KEY": KEY}
    finished = run(tmp_path, "keys", "status", **settings)
    assert (finished.returncode, finished.stdout) == (1, "")
    assert finished.stderr.startswith("mcp-api: The database cannot be reached.")


def test_keys_are_rotated_on_the_database_of_a_product_that_serves(tmp_path: Path) -> None:
    with serving(tmp_path):
        used = own_key(tmp_path)
        insert(tmp_path, used)
        row = f"{key_id(used)}  seals            0           1"
        hint = "To bring everything under the sealing key: mcp-api keys rotate"
        assert lines(tmp_path, "status") == [HEAD, row, hint]
        assert lines(tmp_path, "rotate") == [
            "0 of 1 done, 1 left", "1 of 1 done, 0 left", "Everything is under the sealing key.",
        ]  # fmt: skip
        assert lines(tmp_path, "status") == [
            HEAD,
            f"{key_id(used)}  seals            1           0",
        ]


def test_keys_are_not_rotated_under_a_product_that_serves_without_the_new_one(
    tmp_path: Path,
) -> None:
    with serving(tmp_path):
        used = own_key(tmp_path)
        insert(tmp_path, used)
        new = {"SECRETS_KEY": KEY, "SECRETS_KEYS_OLD": base64.b64encode(used).decode()}
        finished = run(tmp_path, "keys", "rotate", **new)
        assert (finished.returncode, finished.stdout) == (1, "")
        assert finished.stderr.startswith(
            f"mcp-api: 1 running MCP API processes do not have the sealing key {NEW_ID}."
        )
        assert lines(tmp_path, "status")[1] == f"{key_id(used)}  seals            0           1"


def test_a_new_key_is_brought_in_and_the_old_one_dropped(folder: Path) -> None:
    used = base64.b64encode(own_key(folder)).decode()
    with serving(folder):
        insert(folder, own_key(folder))
        lines(folder, "rotate")
    both: dict[str, Any] = {"SECRETS_KEY": KEY, "SECRETS_KEYS_OLD": used}
    old_id = key_id(own_key(folder))
    assert lines(folder, "status", code=1, SECRETS_KEY=KEY) == [
        HEAD,
        f"{NEW_ID}  seals            0           0",
        f"{old_id}  MISSING          1           0",
        f"Add the key {old_id} to SECRETS_KEYS_OLD: it is needed.",
    ]
    refused = run(folder, "keys", "rotate", SECRETS_KEY=KEY)
    assert refused.returncode == 1
    assert refused.stdout.endswith(
        "1 are not under the sealing key; 1 of them could not be opened. See: mcp-api keys status\n"
    )
    assert "Left as it is, for the user 'ada': " in refused.stderr
    assert lines(folder, "rotate", **both)[-1] == "Everything is under the sealing key."
    assert lines(folder, "status", **both) == [
        HEAD,
        f"{NEW_ID}  seals            1           0",
        f"{old_id}  opens            0           0",
        f"Nothing needs the key {old_id}: it can be dropped.",
    ]
    assert lines(folder, "status", SECRETS_KEY=KEY) == [
        HEAD, f"{NEW_ID}  seals            1           0",
    ]  # fmt: skip


def test_a_passphrase_is_a_key_of_its_own_in_each_database(folder: Path) -> None:
    words = "nine wet otters under a bridge"
    first = lines(folder, "status", SECRETS_KEY=words)
    assert lines(folder, "status", SECRETS_KEY=words) == first
    file = folder / "words"
    file.write_text(words)
    file.chmod(0o600)
    assert lines(folder, "status", SECRETS_KEY_FILE=str(file)) == first


def test_two_keys_to_seal_with_are_refused(tmp_path: Path) -> None:
    finished = run(tmp_path, "keys", "status", SECRETS_KEY=KEY, SECRETS_KEY_FILE="/nowhere")
    assert finished.returncode == 1
    assert finished.stderr == "mcp-api: Set SECRETS_KEY or SECRETS_KEY_FILE, not both.\n"
    assert KEY not in finished.stdout
