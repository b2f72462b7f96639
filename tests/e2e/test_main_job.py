"""The main job from end to end, on the product started as `make run` does."""

import json
import os
import re
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any

import orjson

from tests.graphql_documents import INSTALL_PACKAGE, PROGRESS, SECRETS
from tests.product import Product, eventually

EVERYTHING = "@modelcontextprotocol/server-everything"
PHASES = ["RESOLVING", "INSTALLING", "VERIFYING", "SWITCHING", "DONE"]
ALICE, BOB = "alices own value 1", "bobs quite other value 2"


def test_the_main_job_from_install_to_the_last_process(product: Product) -> None:
    install_with_progress(product)
    echo_through_both_doors(product)
    product.add_fingerprint("fp")
    product.set_secret("fp", "token", ALICE, "alice")
    product.set_secret("fp", "token", BOB, "bob")
    each_call_receives_only_its_own(product)
    a_killed_server_is_started_again_by_the_next_call(product)
    a_killed_product_leaves_no_process(product)
    product.start()
    echo_through_both_doors(product)
    each_call_receives_only_its_own(product)
    product.stop()


def install_with_progress(product: Product) -> None:
    """Through GraphQL, watched by a subscription."""
    watching = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        progress = pool.submit(follow, product, "everything", watching)
        assert watching.wait(20)
        request = {"packageName": EVERYTHING, "serverName": "everything"}
        installed = product.graphql(INSTALL_PACKAGE, input=request)
        events = progress.result(timeout=60)
    assert installed["__typename"] == "InstalledPackage", installed
    package, server = installed["package"], installed["server"]
    assert re.fullmatch(r"\d{4}\.\d+\.\d+", package["version"])
    assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", package["integrity"])
    assert package["requestedVersion"] == "latest"
    assert package["status"] == "INSTALLED"
    assert (server["name"], server["status"]) == ("everything", "CONNECTED")
    assert "echo" in [tool["name"] for tool in server["tools"]["nodes"]]
    assert in_order(event["phase"] for event in events) == PHASES
    assert {event["serverName"] for event in events} == {"everything"}
    assert {event["packageName"] for event in events} == {EVERYTHING}
    on_disk = os.path.join(package["installPath"], "node_modules", EVERYTHING, "package.json")
    with open(on_disk, encoding="utf-8") as file:
        assert json.load(file)["version"] == package["version"]
    (listed,) = product.rest("GET", "/packages").json()["packages"]
    assert (listed["version"], listed["status"]) == (package["version"], "installed")


def follow(product: Product, server_name: str, watching: threading.Event) -> list[dict[str, Any]]:
    """Every progress event of an install up to its end; `watching` is set before the first."""
    events: list[dict[str, Any]] = []
    request = {"query": PROGRESS, "variables": {"serverName": server_name}}
    with product.websocket() as socket:
        socket.send(orjson.dumps({"id": "1", "type": "subscribe", "payload": request}).decode())
        # The server handles messages in order: its pong says that it has seen the subscription.
        socket.send('{"type":"ping"}')
        assert orjson.loads(socket.recv(10)) == {"type": "pong"}
        watching.set()
        while not events or events[-1]["phase"] not in ("DONE", "FAILED"):
            message = orjson.loads(socket.recv(120))
            assert message["type"] == "next", message
            events.append(message["payload"]["data"]["packageProgress"])
    return events


def in_order(phases: Any) -> list[str]:
    """The phases without repetitions, as they first came."""
    return [*dict.fromkeys(phases)]


def echo_through_both_doors(product: Product) -> None:
    assert product.call("everything", "echo", {"message": "Grüße 🎈"}) == "Echo: Grüße 🎈"
    assert product.call_rest("everything", "echo", {"message": "Grüße 🎈"}) == "Echo: Grüße 🎈"


def each_call_receives_only_its_own(product: Product) -> None:
    """Compared by hash: the server never repeats what it was given."""
    for call in (product.call, product.call_rest):
        for user, value in (("alice", ALICE), ("bob", BOB)):
            assert json.loads(call("fp", "fingerprint", {}, user)) == {"token": hash_of(value)}
        assert json.loads(call("fp", "fingerprint", {})) == {}
    secrets = product.graphql(SECRETS, username="alice")["nodes"]
    assert [(s["serverName"], s["name"], s["username"]) for s in secrets] == [
        ("fp", "token", "alice")
    ]


def a_killed_server_is_started_again_by_the_next_call(product: Product) -> None:
    for call in (product.call, product.call_rest):
        before = int(call("fp", "pid"))
        os.kill(before, signal.SIGKILL)
        # Until its death has been seen, a call still belongs to the dead session and fails.
        eventually(lambda: status_of(product, "fp") != "connected")
        after = int(call("fp", "pid"))
        assert after != before
    each_call_receives_only_its_own(product)


def status_of(product: Product, name: str) -> str:
    return str(product.rest("GET", f"/mcp/servers/{name}").json()["server"]["status"])


def a_killed_product_leaves_no_process(product: Product) -> None:
    names = sorted(product.process_names())
    assert [name for name in names if name in ("mongod", "node")] == ["mongod", "node"], names
    product.kill()
    eventually(lambda: not product.processes(), seconds=5)


def hash_of(value: str) -> str:
    return sha256(value.encode()).hexdigest()
