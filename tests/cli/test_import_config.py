"""Moving in from a file, as people do it: the command line and a running product."""

import json
import sys
from pathlib import Path

import pytest

from tests.cli.importing import everything, marks
from tests.cli.test_commands import run
from tests.graphql_documents import SECRETS, SERVERS
from tests.product import Product
from tests.subjects import FINGERPRINT


def write_config(folder: Path, servers: object) -> None:
    text = json.dumps({"mcpServers": servers}, indent=1)
    (folder / "config.json").write_text("// mine\n" + text[:-1] + ",}")


def import_config(
    folder: Path, product: Product, *arguments: str, url: str | None = None
) -> tuple[int, str]:
    """The exit code, and everything printed."""
    finished = run(
        folder, "import-config", "config.json", "--user", "alice",
        "--url", url or product.address, *arguments,
    )  # fmt: skip
    return finished.returncode, finished.stdout + finished.stderr


def fingerprint_entry(**env: str) -> dict[str, object]:
    return {"command": sys.executable, "args": ["-S", str(FINGERPRINT)], "env": env}


def test_a_file_moves_in_once_and_its_values_are_never_seen(
    tmp_path: Path, product: Product
) -> None:
    write_config(
        tmp_path,
        {
            "hello": {
                "command": "npx",
                "args": ["-y", "mcp-hello-world@1.1.2"],
                "env": {"HELLO_API_KEY": "planted-hello-01", "LOG_LEVEL": "info"},
            },
            "Plain One": fingerprint_entry(SOME_TOKEN="planted-plain-02", COLOUR="blue"),
            "remote": {
                "url": "http://127.0.0.1:9/mcp?api_key=planted-query-03",
                "headers": {"Authorization": "Bearer planted-header-04", "X-Team": "a"},
            },
        },
    )
    before = everything(product)

    code, told = import_config(tmp_path, product)
    assert code == 0
    assert marks(told) == ["would do"] * 7
    assert "Nothing was changed. To do it: the same with --apply" in told
    assert everything(product) == before

    code, told_then = import_config(tmp_path, product, "--apply")
    assert (code, marks(told_then)) == (0, ["done"] * 7)
    assert "its name 'Plain One' does not fit and becomes 'Plain-One'" in told_then
    there = everything(product)

    code, told_again = import_config(tmp_path, product, "--apply")
    assert (code, marks(told_again)) == (0, ["already there"] * 7)
    assert told_again.endswith("Nothing was changed: there is nothing to do.\n")
    assert everything(product) == there

    assert "planted" not in told + told_then + told_again + json.dumps(there)
    environment = product.call("Plain-One", "environment", username="alice")
    assert '"COLOUR": "blue"' in environment
    assert '"SOME_TOKEN": "[secret]"' in environment
    servers = {server["name"]: server for server in there[0]}
    assert servers["remote"]["url"] == "http://127.0.0.1:9/mcp"
    assert servers["remote"]["headers"] == {"X-Team": "a"}
    assert servers["hello"]["env"] == {"LOG_LEVEL": "info"}
    assert [package["version"] for package in there[1]] == ["1.1.2"]


def test_what_cannot_be_placed_is_listed_and_the_rest_is_placed(
    tmp_path: Path, product: Product
) -> None:
    product.add_fingerprint("taken")
    write_config(
        tmp_path,
        {
            "git": {"command": "uvx", "args": ["mcp-api-there-is-no-such-package"]},
            "argued": {"command": "x", "args": ["--api-key", "planted-argument"]},
            "taken": {"command": "other", "env": {"API_KEY": "planted-for-another"}},
            "asked": {"command": "true", "env": {"API_KEY": "${input:key}"}},
        },
    )
    code, told = import_config(tmp_path, product, "--apply")
    assert code == 1
    assert sorted(marks(told)) == ["cannot be placed"] * 4 + ["done", "to be set"]
    assert "cannot be placed  server 'git': package mcp-api-there-is-no-such-package" in told
    assert "args[1] (after --api-key)" in told
    assert "There is a server of that name, which differs in command, args, secrets" in told
    assert "planted" not in told
    names = [server["name"] for server in product.graphql(SERVERS)["nodes"]]
    assert "asked" in names
    assert not {"git", "argued"} & {*names}
    secrets = product.graphql(SECRETS, username="alice", serverName="taken")
    assert secrets["nodes"] == []


def test_an_interrupted_import_is_finished_by_the_next(tmp_path: Path, product: Product) -> None:
    entry = fingerprint_entry(HALF_TOKEN="planted-half-05")
    write_config(tmp_path, {"half": {**entry, "env": {"HALF_TOKEN": ""}}})
    code, told = import_config(tmp_path, product, "--apply")
    assert (code, marks(told)) == (0, ["done", "to be set"])
    write_config(tmp_path, {"half": entry})
    code, told = import_config(tmp_path, product, "--apply")
    assert (code, marks(told)) == (0, ["already there", "done"])


def test_an_install_that_fails_is_a_row_and_its_secrets_are_not_stored(
    tmp_path: Path, product: Product
) -> None:
    entry = {"command": "npx", "args": ["mcp-hello-world@0.0.77"], "env": {"API_KEY": "planted"}}
    write_config(tmp_path, {"gone": entry})
    code, told = import_config(tmp_path, product, "--apply")
    assert (code, marks(told)) == (1, ["cannot be placed"] * 2)
    assert "Its server is not there." in told
    assert "planted" not in told


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://example.com:8080", "Secrets are not sent to example.com in the clear."),
        ("http://127.0.0.1@example.com", "--url must be an address"),
        ("ftp://127.0.0.1", "--url must be an address"),
        ("http://127.0.0.1:9", "No MCP API answers at http://127.0.0.1:9."),
    ],
)
def test_values_go_to_this_machine_only(
    tmp_path: Path, product: Product, url: str, said: str
) -> None:
    write_config(tmp_path, {"x": fingerprint_entry(API_KEY="planted")})
    code, told = import_config(tmp_path, product, "--apply", url=url)
    assert code == 1
    assert told.startswith(f"mcp-api: {said}")
    assert "planted" not in told


def test_what_is_no_product_is_told(tmp_path: Path, product: Product) -> None:
    write_config(tmp_path, {})
    code, told = import_config(tmp_path, product, url=product.address + "/nowhere")
    assert (code, told) == (
        1,
        f"mcp-api: What answers at {product.address}/nowhere is no MCP API.\n",
    )


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"mcpServers": planted}'])
def test_a_file_that_is_none_is_told_in_one_sentence(
    tmp_path: Path, product: Product, content: bytes
) -> None:
    (tmp_path / "config.json").write_bytes(content)
    code, told = import_config(tmp_path, product)
    assert code == 1
    assert told.startswith("mcp-api: ")
    assert len(told.splitlines()) == 1
    assert "planted" not in told
