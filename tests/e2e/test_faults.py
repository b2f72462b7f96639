"""What goes wrong around the product: a second one, kills at bad moments, a database away."""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import orjson
from pymongo import MongoClient
from websockets.sync.client import ClientConnection

from app.domain.errors import ErrorCode
from app.mongo.embedded import socket_uri
from app.mongo.process import SOCKET_NAME, socket_folder
from tests.graphql_documents import INSTALL_PACKAGE, PACKAGES, SERVERS
from tests.product import Product, eventually, read_proc
from tests.resolvers.sockets import receive, subscribe
from tests.subjects import FINGERPRINT

UNAVAILABLE = {
    "success": False,
    "error": "The database cannot be reached. Nothing was changed that was not confirmed; "
    "try again in a moment.",
    "code": "DATABASE_UNAVAILABLE",
}
# A stopped mongod is noticed by a ping that is not answered; a request under way waits for it.
NOTICED_SECONDS = 6.0
AT_ONCE_SECONDS = 0.5
BACK_SECONDS = 20.0


def test_a_second_instance_on_the_same_data_gets_one_sentence(shared: Product) -> None:
    before = shared.output()
    second = shared.spawn()
    assert second.wait(timeout=20) == 1
    said = shared.output().removeprefix(before)
    assert said == (
        f"mcp-api: Another MCP API (process {shared.pid}) is already using {shared.data_dir}. "
        "Stop it, or choose another folder with DATA_DIR.\n"
    )
    assert shared.rest("GET", "/healthz").json() == {"success": True, "status": "ok"}


def test_a_killed_install_leaves_nothing_that_looks_installed(product: Product) -> None:
    request = {"packageName": "mcp-hello-world", "serverName": "hello"}
    with ThreadPoolExecutor(1) as pool:
        install = pool.submit(attempt, lambda: product.graphql(INSTALL_PACKAGE, input=request))
        folder = eventually(lambda: installing(product), seconds=20)
        product.kill()
        assert isinstance(install.result(timeout=10), httpx.TransportError)
    eventually(lambda: not product.processes(), seconds=5)
    assert folder.exists()
    product.start()
    eventually(lambda: listing(product) == ([], []))
    eventually(lambda: [*(product.data_dir / "packages").iterdir()] == [])
    assert product.rest("GET", "/packages/by-id/hello").json()["code"] == "PACKAGE_NOT_FOUND"
    assert product.rest("GET", "/mcp/servers/hello").json()["code"] == "SERVER_NOT_FOUND"
    product.add_fingerprint("hello")  # the name is free again


def test_a_stop_in_mid_install_leaves_nothing_either(product: Product) -> None:
    request = {"name": "mcp-hello-world", "serverName": "hello"}
    with ThreadPoolExecutor(1) as pool:
        install = pool.submit(product.rest, "POST", "/packages/install", request)
        eventually(lambda: installing(product), seconds=20)
        product.interrupt()
        refused = install.result(timeout=10)
        product.wait_until_stopped()
    assert (refused.status_code, refused.json()["code"]) == (503, "SHUTTING_DOWN")
    assert [*(product.data_dir / "packages").iterdir()] == []
    product.start()
    assert listing(product) == ([], [])


def test_a_call_cut_short_by_a_stop_is_told_so(product: Product) -> None:
    product.add_fingerprint("fp")
    pid = int(product.call("fp", "pid"))
    body = {"serverName": "fp", "methodName": "slow", "args": {"seconds": 30}}
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(product.rest, "POST", "/mcp/tool/call", body)
        eventually(lambda: threads_of(pid) > 1)
        product.interrupt()
        refused = call.result(timeout=10)
        product.wait_until_stopped()
    assert refused.status_code == 503
    assert refused.json()["code"] == "SHUTTING_DOWN"
    assert "Traceback" not in product.output()


def test_a_database_that_does_not_answer_is_said_at_once_and_recovered_from(
    shared: Product,
) -> None:
    shared.add_fingerprint("fp")
    before = listing(shared)
    mongod = mongod_of(shared)
    try:
        freeze(mongod)
        eventually(lambda: health(shared) == 503, seconds=NOTICED_SECONDS)
        for method, path, body in EVERY_KIND:
            response, seconds = timed(shared, method, path, body)
            assert (response.status_code, response.json()) == (503, UNAVAILABLE), path
            assert response.headers["Retry-After"] == "1"
            assert seconds < AT_ONCE_SECONDS
        answer = shared.post_graphql(SERVERS)
        assert answer["errors"][0]["extensions"]["code"] == ErrorCode.DATABASE_UNAVAILABLE
    finally:
        os.kill(mongod, signal.SIGCONT)
    eventually(lambda: health(shared) == 200, seconds=BACK_SECONDS)
    assert listing(shared) == before
    assert shared.call("fp", "fingerprint") == "{}"


def test_a_request_that_is_under_way_when_the_database_freezes_does_not_wait_for_it(
    shared: Product,
) -> None:
    mongod = mongod_of(shared)
    try:
        freeze(mongod)
        response, seconds = timed(shared, "GET", "/mcp/servers", None)
    finally:
        os.kill(mongod, signal.SIGCONT)
    assert (response.status_code, response.json()) == (503, UNAVAILABLE)
    assert seconds < NOTICED_SECONDS
    eventually(lambda: health(shared) == 200, seconds=BACK_SECONDS)


def test_a_killed_database_is_started_again_with_all_its_data(shared: Product) -> None:
    shared.add_fingerprint("kept")
    shared.set_secret("kept", "token", "a value worth keeping")
    kept = shared.call("kept", "fingerprint")
    mongod = mongod_of(shared)
    os.kill(mongod, signal.SIGKILL)
    eventually(lambda: [pid for pid in mongods_of(shared) if pid != mongod], seconds=BACK_SECONDS)
    # Until then every call says why it is not made.
    eventually(lambda: works_or_is_unavailable(shared), seconds=BACK_SECONDS)
    assert shared.call("kept", "fingerprint") == kept
    assert shared.call_rest("kept", "fingerprint") == kept


PROGRAM = {"command": sys.executable, "args": ["-S", str(FINGERPRINT)]}
CHANGES: dict[str, object] = {
    "query": "subscription { serverChanged { serverName server { id } } }"
}


def test_a_subscription_goes_on_when_the_database_is_back(shared: Product) -> None:
    with shared.websocket(ping_interval=None) as socket:
        subscribe(socket, "1", CHANGES)
        assert first_told(shared, socket)["type"] == "next"
        mongod = mongod_of(shared)
        os.kill(mongod, signal.SIGKILL)
        eventually(
            lambda: [pid for pid in mongods_of(shared) if pid != mongod], seconds=BACK_SECONDS
        )
        check_told(shared, socket, "after")


def test_a_subscription_goes_on_when_a_new_primary_is_elected(shared: Product) -> None:
    uri = socket_uri(socket_folder(shared.data_dir) / SOCKET_NAME)
    with shared.websocket(ping_interval=None) as socket, MongoClient[Any](uri) as mongo:
        subscribe(socket, "1", CHANGES)
        assert first_told(shared, socket)["type"] == "next"
        term = mongo.admin.command("replSetGetStatus")["term"]
        mongo.admin.command("replSetStepDown", 1, force=True)
        check_told(shared, socket, "elected")
        assert mongo.admin.command("replSetGetStatus")["term"] > term


def check_told(product: Product, socket: ClientConnection, name: str) -> None:
    """The subscription, without an error, tells of a server that is added once that is possible."""
    names = "{ servers { nodes { name } } }"
    eventually(lambda: "errors" not in product.post_graphql(names), seconds=BACK_SECONDS)
    given = {"name": name, **PROGRAM}
    eventually(
        lambda: product.rest("POST", "/mcp/servers", given).status_code == 200,
        seconds=BACK_SECONDS,
    )
    told: dict[str, Any] = {}
    while told.get("serverName") != name:
        message = receive(socket)
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        told = message["payload"]["data"]["serverChanged"]
    assert told["server"]["id"]


def first_told(product: Product, socket: ClientConnection) -> dict[str, Any]:
    """What a subscription to servers tells first; they are changed until it has begun."""
    product.rest("POST", "/mcp/servers", {"name": "fp", **PROGRAM})  # if no test has before
    for number in range(40):
        product.rest("PUT", "/mcp/servers/fp", {"description": f"change {number}"})
        with contextlib.suppress(TimeoutError):
            message: dict[str, Any] = orjson.loads(socket.recv(0.5))
            return message
    raise AssertionError("the subscription tells nothing")


EVERY_KIND: tuple[tuple[str, str, object], ...] = (
    ("GET", "/healthz", None),
    ("GET", "/mcp/servers", None),
    ("GET", "/mcp/servers/fp", None),
    ("GET", "/mcp/tools", None),
    ("GET", "/packages", None),
    ("POST", "/mcp/tool/call", {"serverName": "fp", "methodName": "pid"}),
    ("POST", "/mcp/servers", {"name": "other", "command": "true"}),
    ("PUT", "/mcp/servers/fp/disable", None),
    ("DELETE", "/mcp/servers/fp", None),
    ("POST", "/packages/install", {"name": "mcp-hello-world", "serverName": "hello"}),
    ("POST", "/secrets/set", {"serverName": "fp", "secretName": "a", "secretValue": "b"}),
    ("POST", "/secrets/delete", {"serverName": "fp", "secretName": "a"}),
)


def attempt(work: Callable[[], Any]) -> object:
    """What the work returned, or the transport's error."""
    try:
        return work()
    except httpx.TransportError as error:
        return error


def installing(product: Product) -> Path | None:
    """The folder of an install under way, once npm is at work in it."""
    found = [*(product.data_dir / "packages").glob("*/*/package.json")]
    is_running = any(name.startswith(("npm", "node")) for name in product.process_names())
    return found[0].parent if found and is_running else None


def listing(product: Product) -> tuple[list[str], list[str]]:
    """The names of all packages and servers."""
    packages = product.graphql(PACKAGES)["nodes"]
    servers = product.graphql(SERVERS)["nodes"]
    return [p["serverName"] for p in packages], [s["name"] for s in servers]


def mongods_of(product: Product) -> list[int]:
    return [pid for pid in product.processes() if read_proc(pid, "comm") == b"mongod\n"]


def mongod_of(product: Product) -> int:
    (pid,) = mongods_of(product)
    return pid


def freeze(pid: int) -> None:
    """Stop the process; `kill` itself returns while its threads may still run for a moment."""
    os.kill(pid, signal.SIGSTOP)
    eventually(lambda: all(state == "T" for state in thread_states(pid)))


def thread_states(pid: int) -> list[str]:
    """What each of its threads does (proc(5), `state`)."""
    threads = os.listdir(f"/proc/{pid}/task")
    statuses = [read_proc(pid, f"task/{thread}/stat").decode() for thread in threads]
    return [status.rpartition(")")[2].split()[0] for status in statuses if status]


def threads_of(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/task"))


def works_or_is_unavailable(product: Product) -> bool:
    """Whether a call works; the only other answer it may give is that the database is away."""
    body = {"serverName": "kept", "methodName": "fingerprint"}
    response = product.rest("POST", "/mcp/tool/call", body)
    assert response.status_code == 200 or (response.status_code, response.json()) == (
        503,
        UNAVAILABLE,
    )
    return response.status_code == 200


def health(product: Product) -> int:
    return product.rest("GET", "/healthz").status_code


def timed(product: Product, method: str, path: str, body: object) -> tuple[httpx.Response, float]:
    started = time.monotonic()
    return product.rest(method, path, body), time.monotonic() - started
