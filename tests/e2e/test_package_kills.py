"""`kill -9` in each phase of an install and an upgrade of real packages, and what is found then."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.graphql_documents import INSTALL_PACKAGE, PACKAGES, PROGRESS, UPGRADE_PACKAGE
from tests.product import Product, eventually

MEMORY = {"packageName": "@modelcontextprotocol/server-memory", "serverName": "p"}
TIME = {"packageName": "mcp-server-time", "serverName": "p", "runtime": "PYTHON"}
OLD = {"NODE": "2025.4.25", "PYTHON": "2025.9.25"}
TOOLS = {"NODE": ("read_graph", {}), "PYTHON": ("get_current_time", {"timezone": "Etc/UTC"})}
PHASES = ("RESOLVING", "DOWNLOADING", "INSTALLING", "VERIFYING", "SWITCHING")


def kill_in(product: Product, phase: str, mutation: str, given: dict[str, Any]) -> str:
    """Begin, and `kill -9` at the first event of that phase; the phase that came, if not that."""
    with ThreadPoolExecutor(1) as pool, product.websocket() as socket:
        asked = {"query": PROGRESS, "variables": {"serverName": "p"}}
        socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": asked}))
        work = pool.submit(attempt, product, mutation, given)
        reached = ""
        while reached not in (phase, "DONE"):
            message = json.loads(socket.recv(120))
            reached = message["payload"]["data"]["packageProgress"]["phase"]
            assert reached != "FAILED", message
        product.kill()
        work.result(timeout=30)
    eventually(lambda: not product.processes(), seconds=5)
    return str(reached)


def attempt(product: Product, mutation: str, given: dict[str, Any]) -> object:
    try:
        return product.graphql(mutation, input=given)
    except (httpx.TransportError, AssertionError) as error:
        return error


def found(product: Product) -> str | None:
    """The version that serves after the next start, which must be whole; None for nothing."""
    eventually(
        lambda: all(p["status"] == "INSTALLED" for p in product.graphql(PACKAGES)["nodes"]),
        seconds=30,
    )
    packages = product.graphql(PACKAGES)["nodes"]
    on_disk = [*(product.data_dir / "packages").glob("*/*")]
    if not packages:
        eventually(lambda: not [*(product.data_dir / "packages").glob("*/*")], seconds=20)
        assert product.rest("GET", "/mcp/servers/p").status_code == 404
        return None
    (package,) = packages
    number = 1 if package["previousVersion"] is None else 2
    eventually(lambda: len([*(product.data_dir / "packages").glob("p/*")]) == number, seconds=20)
    assert on_disk
    tool, arguments = TOOLS[package["runtime"]]
    assert product.call("p", tool, arguments)
    return str(package["version"])


def lives(product: Product, given: dict[str, Any], phases: tuple[str, ...]) -> Iterator[str]:
    """A row of the table for each phase of an install, then of an upgrade."""
    old = OLD[str(given.get("runtime", "NODE"))]
    for phase in phases:
        reached = kill_in(product, phase, INSTALL_PACKAGE, {**given, "version": old})
        product.start()
        version = found(product)
        assert version in (None, old)
        yield f"install {phase:12} {reached:12} {version}"
        if version is not None:
            assert product.rest("DELETE", "/packages/p").json()["success"]
    installed = product.graphql(INSTALL_PACKAGE, input={**given, "version": old})
    assert installed["__typename"] == "InstalledPackage", installed
    for phase in phases:
        reached = kill_in(product, phase, UPGRADE_PACKAGE, {"serverName": "p"})
        product.start()
        version = found(product)
        assert version is not None
        (package,) = product.graphql(PACKAGES)["nodes"]
        if version == old:
            assert "was cut short" in package["error"]
        else:
            assert package["previousVersion"] == old
            assert product.rest("PUT", "/packages/p/rollback").json()["switched"]
        yield f"upgrade {phase:12} {reached:12} {version}"


def test_a_killed_upgrade_leaves_the_version_that_serves(product: Product) -> None:
    given = {**MEMORY, "version": OLD["NODE"]}
    assert product.graphql(INSTALL_PACKAGE, input=given)["__typename"] == "InstalledPackage"
    assert kill_in(product, "VERIFYING", UPGRADE_PACKAGE, {"serverName": "p"}) == "VERIFYING"
    product.start()
    assert found(product) == OLD["NODE"]
    (package,) = product.graphql(PACKAGES)["nodes"]
    assert package["error"] == (
        "An upgrade or rollback was cut short because its process ended; the version that served is "
        "kept. Start it again."
    )


@pytest.mark.soak
@pytest.mark.parametrize("given", [MEMORY, TIME], ids=["npm", "PyPI"])
def test_the_table_of_kills(product: Product, given: dict[str, Any]) -> None:
    for row in lives(product, given, PHASES):
        print(row)
