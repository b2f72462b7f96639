"""The whole product as its users run it: a process of its own, spoken to over HTTP only."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx
import orjson
from websockets.sync.client import ClientConnection, connect

from app.processes.guard_program import MARKER_VARIABLE
from tests.graphql_documents import ADD_SERVER, CALL_TOOL, SET_SECRET
from tests.subjects import FINGERPRINT

ROOT = Path(__file__).parent.parent
SERVE = (sys.executable, "-m", "app", "serve")
START_SECONDS = 60.0
STOP_SECONDS = 5.0
REQUEST_SECONDS = 120.0
JSON = {"Content-Type": "application/json"}
# Settings of the developer's own shell that would change what is tested.
SETTINGS = re.compile(
    r"HOST|PORT|WORKERS|DATA_DIR|LOG_LEVEL|PAYLOAD_LIMIT|AUTH|AUDIT_RETENTION_DAYS|CALLS_PER_SECOND|"
    r"MAX_CALLS_PER_USER|INSTALLS_PER_HOUR|REQUEST_BODY_SECONDS|(?:CORS|TLS|TRUSTED|MONGO|SECRETS|ALLOW|ADMIN|OIDC).*"
)

T = TypeVar("T")


class Product:
    """One product on one data folder; it can be started, ended and started again.

    It runs in a folder without an `.env`. Everything it prints is kept in `output_path`.
    """

    def __init__(self, folder: Path, **settings: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.data_dir = folder / "data"
        self.output_path = folder / "output.txt"
        self._folder = folder
        own = {name: value for name, value in os.environ.items() if not SETTINGS.fullmatch(name)}
        self._environment = {
            **own, "PYTHONPATH": str(ROOT), "DATA_DIR": str(self.data_dir), "PORT": "0", **settings,
        }  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None
        self._http: httpx.Client | None = None
        self._lives = 0
        self.address = ""

    @property
    def pid(self) -> int:
        """The process id of the running product."""
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it was started and not ended since."""
        return self._process is not None

    @property
    def http(self) -> httpx.Client:
        """A client of the running product."""
        assert self._http is not None
        return self._http

    def start(self) -> Self:
        """Start it, and return once it has printed where it is."""
        self._process = self.spawn()
        banner = eventually(self._banner, seconds=START_SECONDS)
        self.address = banner[1]
        self._http = httpx.Client(
            base_url=self.address, timeout=REQUEST_SECONDS, trust_env=False
        )  # fmt: skip
        return self

    def configure(self, **settings: str) -> None:
        """Other settings, from the next start on."""
        self._environment |= settings

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start another process on the same data, without waiting for it."""
        with self.output_path.open("ab") as output:
            return subprocess.Popen(
                SERVE,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self._environment,
                cwd=self._folder,
                start_new_session=True,
            )

    def output(self) -> str:
        """Everything printed so far, by every process on this data."""
        return self.output_path.read_text(encoding="utf-8")

    def stop(self) -> None:
        """Press Ctrl-C: it must end by itself, in time, and leave no process."""
        self.interrupt()
        self.wait_until_stopped()

    def interrupt(self) -> None:
        """Press Ctrl-C without waiting."""
        os.kill(self.pid, signal.SIGINT)

    def wait_until_stopped(self) -> None:
        """It must have ended by itself, in time, and left no process."""
        assert self._ended() == 0, self.output()[-3000:]
        assert self.processes() == []

    def kill(self) -> None:
        """`kill -9`: it gets no chance to clean up."""
        os.kill(self.pid, signal.SIGKILL)
        assert self._ended() == -signal.SIGKILL

    def processes(self) -> list[int]:
        """Every process that belongs to this instance: mongod, servers, installers, the guard."""
        instance = (self.data_dir / "instance").read_text().strip()
        marker = f"{MARKER_VARIABLE}={instance}".encode()
        return [pid for pid in all_processes() if _belongs(pid, marker, instance.encode())]

    def process_names(self) -> list[str]:
        """The program names of those processes."""
        return [read_proc(pid, "comm").decode().strip() for pid in self.processes()]

    def rest(self, method: str, path: str, body: object = None, **options: Any) -> httpx.Response:
        """A request with a JSON body; without one if it is None."""
        if body is not None:
            options = {"content": orjson.dumps(body), "headers": JSON, **options}
        return self.http.request(method, path, **options)

    def post_graphql(self, query: str, **variables: object) -> dict[str, Any]:
        """The whole answer to an operation."""
        response = self.rest("POST", "/graphql", {"query": query, "variables": variables})
        answer: dict[str, Any] = response.json()
        return answer

    def graphql(self, query: str, **variables: object) -> Any:
        """What the operation's only field returned; its execution must not fail."""
        answer = self.post_graphql(query, **variables)
        assert "errors" not in answer, answer
        (value,) = answer["data"].values()
        return value

    @contextlib.contextmanager
    def websocket(self, **options: Any) -> Iterator[ClientConnection]:
        """A graphql-transport-ws connection, acknowledged."""
        with self.raw_websocket(**options) as socket:
            socket.send('{"type":"connection_init"}')
            assert orjson.loads(socket.recv(10)) == {"type": "connection_ack"}
            yield socket

    def raw_websocket(self, **options: Any) -> ClientConnection:
        """A connection on which nothing has been said yet."""
        url = self.address.replace("http", "ws") + "/graphql"
        connection: ClientConnection = connect(
            url, subprotocols=[SUBPROTOCOL], proxy=None, open_timeout=20, **options
        )
        return connection

    def add_fingerprint(self, name: str) -> None:
        """Add the server that answers with the hashes of what it was given."""
        self.add_server(name, FINGERPRINT)

    def add_server(self, name: str, script: Path, *args: str, **settings: object) -> None:
        """Add a script as a server."""
        command = {"command": sys.executable, "args": ["-S", str(script), *args]}
        added = self.graphql(ADD_SERVER, input={"serverName": name, **command, **settings})
        assert added["__typename"] == "Server", added

    def set_secret(self, server: str, name: str, value: str, username: str | None = None) -> None:
        """Store a secret through GraphQL."""
        secret = {"serverName": server, "name": name, "value": value, "username": username}
        assert self.graphql(SET_SECRET, input=secret)["__typename"] == "Secret"

    def call(
        self, server: str, tool: str, arguments: object = None, username: str | None = None
    ) -> str:
        """The text a tool answered, through GraphQL."""
        call = {
            "serverName": server, "toolName": tool, "arguments": arguments or {},
            "username": username,
        }  # fmt: skip
        result = self.graphql(CALL_TOOL, input=call)
        assert result["__typename"] == "ToolResult", result
        assert not result["isError"], result
        return str(result["text"])

    def call_rest(
        self, server: str, tool: str, arguments: object = None, username: str | None = None
    ) -> str:
        """The text a tool answered, through REST."""
        body: dict[str, object] = {"serverName": server, "methodName": tool}
        body |= {} if username is None else {"username": username}
        body |= {} if arguments is None else {"args": arguments}
        answer = self.rest("POST", "/mcp/tool/call", body).json()
        assert answer["success"], answer
        return "\n".join(part["text"] for part in answer["data"]["content"])

    def _banner(self) -> re.Match[str] | None:
        """The address this life of the product has printed; the output holds earlier lives too."""
        assert self._process is not None
        assert self._process.poll() is None, self.output()[-3000:]
        found = [*re.finditer(r"GraphiQL: +(https?://\S+)/graphql\n", self.output())]
        return found[self._lives] if len(found) > self._lives else None

    def _ended(self) -> int:
        """The exit code, which must be there within five seconds."""
        assert self._process is not None
        if self._http is not None:
            self._http.close()
            self._http = None
        self._lives += 1
        try:
            return self._process.wait(timeout=STOP_SECONDS)
        finally:
            self._process.kill()
            self._process.wait()
            self._process = None


SUBPROTOCOL: Any = "graphql-transport-ws"


def eventually(look: Callable[[], T | None], *, seconds: float = 10.0) -> T:
    """What `look` finds, as soon as it finds something true; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"not so within {seconds:g} s"
        time.sleep(0.02)
    return found


def all_processes() -> list[int]:
    """Every process of this machine (Linux)."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def read_proc(pid: int, file: str) -> bytes:
    """A file of a process; empty when the process is gone."""
    try:
        return Path(f"/proc/{pid}/{file}").read_bytes()
    except OSError:
        return b""


def _belongs(pid: int, marker: bytes, instance: bytes) -> bool:
    command = read_proc(pid, "cmdline").split(b"\0")
    is_its = any(part.startswith(instance) for part in command)
    is_guard = is_its and any(part.endswith(b"guard_program.py") for part in command)
    return is_guard or marker in read_proc(pid, "environ").split(b"\0")


def code_and_data(answer: Mapping[str, Any]) -> tuple[str | None, object]:
    """The first error's code, and the data, of a GraphQL answer."""
    errors = answer.get("errors")
    return (errors[0]["extensions"]["code"] if errors else None), answer.get("data")
