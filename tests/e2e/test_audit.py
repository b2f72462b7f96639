"""The audit as its readers meet it: through every door, at a kill, and as an export."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from tests.product import ROOT, Product, eventually

RECORDS = """query ($filter: AuditFilter, $first: Int!, $after: String) {
  auditRecords(filter: $filter, first: $first, after: $after) {
    nodes { id at principal credentialKind username action serverName target peer requestId
            outcome durationMilliseconds requestBytes resultSize lostBefore }
    pageInfo { hasNextPage endCursor }
  }
}"""


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("a")).start()
    product.add_fingerprint("fp")
    assert product.call("fp", "pid")
    yield product
    if product.is_running:
        product.stop()


def read(product: Product, **filter_: object) -> list[dict[str, Any]]:
    page = product.graphql(RECORDS, filter=filter_, first=100)
    nodes: list[dict[str, Any]] = page["nodes"]
    return nodes


def of_request(product: Product, request_id: str) -> dict[str, Any]:
    (record,) = eventually(lambda: read(product, requestId=request_id))
    return record


async def test_a_call_through_each_door_leaves_one_record_with_its_request(
    product: Product,
) -> None:
    body = {"serverName": "fp", "methodName": "fingerprint", "args": {"a": "b"}}
    answer = product.rest("POST", "/mcp/tool/call", body)
    record = of_request(product, answer.headers["x-request-id"])
    assert record["action"] == "CALL_TOOL"
    assert (record["serverName"], record["target"], record["outcome"]) == (
        "fp", "fingerprint", "OK",
    )  # fmt: skip
    assert (record["principal"], record["username"], record["peer"]) == (
        "default", "default", "127.0.0.1",
    )  # fmt: skip
    assert record["requestBytes"] == len(answer.request.content)
    assert record["resultSize"] == len(answer.json()["data"]["content"][0]["text"])
    assert record["durationMilliseconds"] > 0
    calls = len(read(product, action="CALL_TOOL"))
    async with Client(f"{product.address}/mcp") as client:
        await client.call_tool("fp__pid", {})
    eventually(lambda: len(read(product, action="CALL_TOOL")) == calls + 1)
    newest = read(product, action="CALL_TOOL")[0]
    assert (newest["target"], newest["peer"]) == ("pid", "127.0.0.1")
    assert newest["requestId"] != record["requestId"]


def test_a_value_is_in_no_record(product: Product) -> None:
    product.set_secret("fp", "token", "planted-in-the-audit", "ann")
    product.call("fp", "fingerprint", {"word": "planted-as-argument"}, "ann")
    body = {"serverName": "fp", "methodName": "planted-in-the-audit", "username": "ann"}
    answer = product.rest("POST", "/mcp/tool/call", body)
    record = of_request(product, answer.headers["x-request-id"])
    assert (record["target"], record["outcome"]) == ("[secret]", "TOOL_NOT_FOUND")
    assert "planted" not in json.dumps(read(product))


def test_pages_follow_each_other(product: Product) -> None:
    eventually(lambda: len(read(product)) >= 3)
    first = product.graphql(RECORDS, first=2)
    rest = product.graphql(RECORDS, first=100, after=first["pageInfo"]["endCursor"])
    assert first["pageInfo"]["hasNextPage"] is True
    ids = [node["id"] for node in first["nodes"] + rest["nodes"]]
    assert ids == [node["id"] for node in read(product)]


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"first": 0}, "INVALID_INPUT"),
        ({"first": 501}, "INVALID_INPUT"),
        ({"first": 1, "after": "nonsense"}, "INVALID_INPUT"),
        ({"first": 1, "after": "ICAg"}, "INVALID_INPUT"),
        ({"first": 1, "filter": {"since": "yesterday"}}, "INVALID_INPUT"),
        ({"first": 1, "filter": {"since": "2026-01-01T00:00:00"}}, "INVALID_INPUT"),
        ({"first": 1, "filter": {"action": "NOTHING"}}, "INVALID_INPUT"),
    ],
    ids=range(7),
)
def test_a_question_that_makes_no_sense_is_refused(
    product: Product, variables: dict[str, object], code: str
) -> None:
    answer = product.post_graphql(RECORDS, **variables)
    assert answer["errors"][0]["extensions"]["code"] == code


def test_records_are_exported_while_it_serves_and_survive_a_kill(product: Product) -> None:
    product.rest("PUT", "/mcp/servers/fp", {"displayName": "Kept"})
    last = eventually(lambda: read(product, action="UPDATE_SERVER"))[0]
    lines = export(product, "--action", "update_server")
    assert [json.loads(line)["request_id"] for line in lines] == [last["requestId"]]
    assert json.loads(lines[0])["at"].endswith("Z")
    whole = export(product)
    assert len(whole) == len(read(product))
    before = read(product)
    product.kill()
    product.start()
    assert read(product)[-len(before) :] == before
    assert last in before


def test_what_a_command_does_is_recorded_too(product: Product) -> None:
    done = command(product, "tokens", "create", "ci")
    assert done.returncode == 0, done.stderr
    assert command(product, "tokens", "revoke", "0123456789abcdef").returncode == 1
    made, refused = [json.loads(line) for line in export(product, "--principal", "mcp-api")]
    assert (made["action"], made["target"], made["outcome"]) == ("create_token", "ci", "OK")
    assert (refused["action"], refused["outcome"]) == ("revoke_token", "TOKEN_NOT_FOUND")
    assert done.stdout.strip() not in json.dumps(made)
    product.http.headers["Authorization"] = f"Bearer {done.stdout.strip()}"


def test_what_was_done_just_before_a_stop_is_recorded(product: Product) -> None:
    answer = product.rest("PUT", "/mcp/servers/fp", {"displayName": "Last words"})
    product.stop()
    ids = [json.loads(line)["request_id"] for line in export(product)]
    assert answer.headers["x-request-id"] in ids


def export(product: Product, *options: str) -> list[str]:
    done = command(product, "audit", "export", *options)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def command(product: Product, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", *words],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "DATA_DIR": str(product.data_dir)},
        cwd=product.data_dir.parent, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_an_unknown_kind_is_refused_with_those_there_are(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app", "audit", "export", "--action", "nothing"],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "call_tool" in done.stderr
    assert [*tmp_path.iterdir()] == []
