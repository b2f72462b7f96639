"""The mongod process itself. Standard library only: it starts while the rest is imported."""

import contextlib
import fcntl
import hashlib
import os
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from app.processes.environment import base_environment
from app.processes.guard import Guard
from app.processes.guard_program import kill_group

# The kernel's limit for a socket's path is 108 bytes on Linux and 104 on macOS.
LONGEST_SOCKET_PATH = 100
FOLDER = "mongodb"
SOCKET_NAME = "mongodb-27017.sock"
# Then mongod says itself what is in its way.
LOCK_PATIENCE_SECONDS = 5.0


def has_database(data_dir: Path) -> bool:
    """Whether an embedded database was ever started on this data folder."""
    return (data_dir / FOLDER / "WiredTiger").exists()


class MongodProcess:
    """One mongod on one data folder."""

    def __init__(self, binary: Path, data_dir: Path, guard: Guard) -> None:
        self._binary = binary
        self._folder = data_dir / FOLDER
        self._guard = guard
        self._process: subprocess.Popen[bytes] | None = None
        self.log_path = data_dir / "mongodb.log"
        self.socket = socket_folder(data_dir) / SOCKET_NAME

    def start(self) -> None:
        """Spawn mongod without waiting for it."""
        if self._process is not None:
            self._guard.remove(self._process.pid)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._wait_until_free()
        self.socket.unlink(missing_ok=True)
        with self.log_path.open("wb") as output:
            self._process = subprocess.Popen(  # a fixed argument list
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env={**base_environment(), **self._guard.marks},
            )
        self._guard.add(self._process.pid)

    def is_running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Ask it to end, wait up to three seconds, then kill it (the journal makes that safe)."""
        process = self._process
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            kill_group(process.pid)
            process.wait()
        self._guard.remove(process.pid)
        self.socket.unlink(missing_ok=True)

    def last_words(self) -> str:
        """The end of its log, for a message to the operator."""
        lines = self.log_path.read_text(errors="replace").splitlines()
        return " ".join(lines[-3:])[-1000:] or f"exit code {self._process and self._process.poll()}"

    def _wait_until_free(self) -> None:
        """One that was killed a moment ago may still hold the lock of its files."""
        try:
            lock = (self._folder / "mongod.lock").open("rb")
        except FileNotFoundError:
            return
        patience = time.monotonic() + LOCK_PATIENCE_SECONDS
        with lock:
            while time.monotonic() < patience:
                with contextlib.suppress(BlockingIOError):
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return
                time.sleep(0.02)

    def _command(self) -> list[str]:
        folder = str(self.socket.parent)
        return [
            str(self._binary),
            "--dbpath", str(self._folder),
            "--replSet", "rs0", "--oplogSize", "990",
            "--bind_ip", str(self.socket), "--unixSocketPrefix", folder,
            "--filePermissions", "0700",
            "--wiredTigerCacheSizeGB", "0.25",
            "--wiredTigerEngineConfigString", "log=(prealloc=false)",
            "--networkMessageCompressors", "disabled",
            "--noscripting", "--quiet",
            "--setParameter", "diagnosticDataCollectionEnabled=false",
            "--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100",
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ParentsMongod:
    """The mongod that this worker's parent has spawned, and keeps running."""

    socket: Path
    log_path: Path

    def is_running(self) -> bool:
        """As far as this process can know."""
        return True

    def last_words(self) -> str:
        """Told by the parent."""
        return f"see {self.log_path}"


def socket_folder(data_dir: Path) -> Path:
    """A private folder whose path leaves room for a socket.

    It is in the data folder if that is short enough, else in the temporary folder, under a name
    derived from the data folder's.

    Raises:
        PermissionError: Somebody else owns the folder of that name.
    """
    folder = data_dir / "run"
    if len(os.fsencode(folder / SOCKET_NAME)) > LONGEST_SOCKET_PATH:
        digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
        folder = Path(tempfile.gettempdir()) / f"mcp-api-{os.getuid()}-{digest}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.getuid() or folder.is_symlink():
        raise PermissionError(f"{folder} belongs to somebody else; remove it and start again.")
    folder.chmod(0o700)
    return folder
