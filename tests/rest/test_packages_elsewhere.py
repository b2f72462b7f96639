"""Packages that are fetched here and run by somebody else, who is spoken to over HTTP."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.product import Product, eventually
from tests.rest.asking import hashes, one
from tests.rest.stored import stored

EVERYTHING, OLD, NEW = "@modelcontextprotocol/server-everything", "2026.1.26", "2026.8.31"
INSTALL = {"name": EVERYTHING, "version": OLD, "serverName": "away"}


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """What answers over HTTP in place of the package."""
    other = Product(tmp_path_factory.mktemp("o")).start()
    other.add_fingerprint("inner")
    assert other.call("inner", "pid")
    yield other
    other.stop()


def test_a_package_that_is_run_elsewhere_is_fetched_and_called_there(
    product: Product, elsewhere: Product
) -> None:
    reached = {
        "transportType": "streamable_http", "url": f"{elsewhere.address}/mcp",
        "headers": {"X-Team": "a"}, "allowsPrivateNetwork": True,
    }  # fmt: skip
    answer = product.rest("POST", "/packages/install", {**INSTALL, **reached}).json()
    package, server = answer["package"], answer["server"]
    assert (package["version"], package["status"]) == (OLD, "installed")
    folder = Path(package["installPath"])
    assert (folder / "node_modules" / EVERYTHING / "package.json").exists()
    assert server | reached == server
    assert "command" not in server
    assert "inner__fingerprint" in [tool["name"] for tool in server["toolsList"]]
    assert product.call_rest("away", "inner__pid") == elsewhere.call("inner", "pid")
    product.set_secret("away", "key", "of alice", "alice")
    got = product.call_rest("away", "inner__fingerprint", {}, "alice")
    assert orjson.loads(got) == hashes(key="of alice")

    body = {"version": NEW}
    upgraded = product.rest("PUT", "/packages/away/upgrade", body).json()
    assert (upgraded["version"], upgraded["switched"]) == (NEW, True)
    assert upgraded["server"] | reached == upgraded["server"]
    assert product.rest("PUT", "/packages/away/rollback").json()["version"] == OLD
    assert one(product, "away")["url"] == reached["url"]

    assert product.rest("DELETE", "/packages/away").json() == {"success": True}
    eventually(lambda: not folder.exists())
    assert product.rest("GET", "/mcp/servers/away").status_code == 404


@pytest.mark.parametrize("transport", ["streamable_http", "sse"])
def test_nothing_is_left_of_a_package_where_nobody_answers(
    product: Product, transport: str
) -> None:
    before = stored(product)
    body = {**INSTALL, "transportType": transport, "url": "http://127.0.0.1:9/mcp"}
    response = product.rest("POST", "/packages/install", body)
    assert (response.status_code, response.json()["code"]) == (502, "SERVER_DID_NOT_START")
    assert stored(product) == before
