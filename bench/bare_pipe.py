"""A stdio server spoken to by hand, blocking: the least that its start and its calls can take."""

import contextlib
import io
import json
import subprocess
from collections.abc import Iterator, Mapping
from subprocess import DEVNULL, PIPE
from typing import IO, Any

from app.domain.launch import StdioLaunch
from app.processes.environment import base_environment

INITIALIZE = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "bare", "version": "0"},
}
READ_BYTES = 1 << 20


class BarePipe:
    """The two ends of a child's pipes."""

    def __init__(self, stdin: IO[bytes], stdout: io.BufferedReader) -> None:
        self._stdin = stdin
        self._stdout = stdout

    def notify(self, method: str) -> None:
        """Say something that has no answer."""
        self._send(line_of({"method": method}))

    def request(self, method: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The result of a request; a server may announce changes before it."""
        self._send(line_of({"id": 1, "method": method, "params": params or {}}))
        while "result" not in (message := json.loads(self._stdout.readline())):
            pass
        result: dict[str, Any] = message["result"]
        return result

    def exchange(self, line: bytes, least: int) -> None:
        """Send a line and read at least so much, up to a line's end; it is not looked at."""
        self._send(line)
        length, read = 0, b""
        while length < least or not read.endswith(b"\n"):
            read = self._stdout.read1(READ_BYTES)
            if not read:
                raise EOFError("the server has ended")
            length += len(read)

    def _send(self, line: bytes) -> None:
        self._stdin.write(line)
        self._stdin.flush()


@contextlib.contextmanager
def bare_pipe(launch: StdioLaunch) -> Iterator[BarePipe]:
    """The server on two pipes, after its handshake; its end is waited for."""
    process = subprocess.Popen(
        [launch.command, *launch.args], env=base_environment(),
        stdin=PIPE, stdout=PIPE, stderr=DEVNULL,
    )  # fmt: skip
    if process.stdin is None or not isinstance(process.stdout, io.BufferedReader):
        raise RuntimeError("the child has no pipes")
    pipe = BarePipe(process.stdin, process.stdout)
    try:
        pipe.request("initialize", INITIALIZE)
        pipe.notify("notifications/initialized")
        yield pipe
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


def line_of(message: Mapping[str, Any]) -> bytes:
    """A message as it is sent."""
    return json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n"
