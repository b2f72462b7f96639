"""Preparing this machine: the data folder, its lock, the key, the guard, the database process."""

import fcntl
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO
from uuid import uuid4

from pydantic import ValidationError

from app.mongo.binary import find_mongod
from app.mongo.process import MongodProcess, has_database
from app.processes.guard import Guard
from app.processes.guard_program import kill_marked
from app.settings import SHORTEST_ADMIN_TOKEN, Settings
from app.vault.keys import (
    KeySource,
    load_or_make_key_file,
    parse_key_source,
    parse_old_keys,
    read_key_file,
    read_mounted,
)
from app.vault.passphrase import HOW_TO_MAKE, KeyProblem

# After a kill -9 the guard still needs a moment to end the children.
LOCK_PATIENCE_SECONDS = 3.0


class CannotStart(Exception):
    """Why the product does not start, in one sentence for the operator."""


class DataDirInUse(CannotStart):
    """Another living process has the data folder."""


def read_settings(workers: int | None = None) -> Settings:
    """The settings of this process; a given number of workers goes before the environment's.

    Raises:
        CannotStart: One of them makes no sense.
    """
    try:
        return Settings() if workers is None else Settings(workers=workers)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        words = first["msg"].removeprefix("Value error, ")
        raise CannotStart(f"{name}: {words}" if name else words) from None


def prepare_data_dir(settings: Settings) -> tuple[Path, TextIO]:
    """The data folder, private and locked for as long as the returned file is open.

    Raises:
        DataDirInUse: Another process has it.
        CannotStart: It cannot be used.
    """
    folder = settings.data_dir.absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (folder / "lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise CannotStart(f"The data folder {folder} cannot be used: {error.strerror}.") from None
    deadline = time.monotonic() + LOCK_PATIENCE_SECONDS
    while not _try_lock(lock):
        lock.seek(0)
        holder = lock.read().strip() or "unknown"
        if _is_alive(holder) or time.monotonic() > deadline:
            raise DataDirInUse(
                f"Another MCP API (process {holder}) is already using {folder}. "
                "Stop it, or choose another folder with DATA_DIR."
            )
        time.sleep(0.05)
    lock.seek(0)
    lock.truncate()
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return folder, lock


def read_instance(folder: Path) -> str:
    """The id of this data folder's instance, made the first time."""
    path = folder / "instance"
    if not path.is_file():
        draft = path.with_suffix(".new")
        draft.write_text(uuid4().hex, encoding="ascii")
        draft.rename(path)
    return path.read_text(encoding="ascii").strip()


def start_guard(instance: str) -> Guard:
    """End what an earlier life of this instance left running, and guard what starts now."""
    kill_marked(instance)
    guard = Guard(instance)
    guard.start()
    return guard


def start_mongod(settings: Settings, folder: Path, guard: Guard) -> MongodProcess | None:
    """Spawn the embedded mongod; None when the settings name a MongoDB.

    Raises:
        NoMongod: There is none for this machine.
    """
    if settings.database_uri is not None:
        return None
    mongod = MongodProcess(find_mongod(settings.mongod_binary), folder, guard)
    mongod.start()
    return mongod


def read_keys(settings: Settings, folder: Path) -> Sequence[KeySource]:
    """The deployment's keys: the first seals secrets, and all open them.

    Raises:
        KeyProblem: There is none to seal with, or one of them cannot be used.
    """
    old = settings.secrets_keys_old
    opening = parse_old_keys(old.get_secret_value()) if old is not None else ()
    return (_sealing_key(settings, folder), *opening)


def read_admin_token(settings: Settings) -> str | None:
    """The token that the settings give an admin, from a file or not; None for none.

    Raises:
        KeyProblem: The file cannot be read, or others may read it.
        CannotStart: It holds no token.
    """
    if settings.admin_token is not None:
        return settings.admin_token.get_secret_value()
    if settings.admin_token_file is None:
        return None
    text = read_mounted(settings.admin_token_file, "ADMIN_TOKEN_FILE").strip()
    if len(text) < SHORTEST_ADMIN_TOKEN:
        raise CannotStart(
            f"ADMIN_TOKEN_FILE holds fewer than {SHORTEST_ADMIN_TOKEN} characters; a token must "
            "be too long to guess."
        )
    return text


def _sealing_key(settings: Settings, folder: Path) -> KeySource:
    if settings.secrets_key is not None:
        return parse_key_source(settings.secrets_key.get_secret_value())
    if settings.secrets_key_file is not None:
        return read_key_file(settings.secrets_key_file)
    if settings.database_uri is not None:
        raise KeyProblem(
            "SECRETS_KEY is not set. With a MongoDB of your own it must be, and be the same on "
            f"every replica; SECRETS_KEY_FILE may name a file that holds it. {HOW_TO_MAKE}"
        )
    return load_or_make_key_file(folder, may_make=not has_database(folder))


def _try_lock(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True
