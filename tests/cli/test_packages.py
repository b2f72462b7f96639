"""Packages on the command line: beside a running product, and alone."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_commands import environment, run
from tests.graphql_documents import PACKAGES
from tests.product import Product, eventually

HELLO = ("install", "mcp-hello-world", "--version", "1.1.2", "--as", "hello")


def beside(product: Product, folder: Path, *arguments: str) -> tuple[int, str, str]:
    finished = run(folder, *arguments, DATA_DIR=str(product.data_dir))
    return finished.returncode, finished.stdout, finished.stderr


def test_beside_a_running_product_its_commands_work_through_it(
    tmp_path: Path, product: Product
) -> None:
    code, told, problem = beside(product, tmp_path, *HELLO, "--hold-breaking", "--", "--quiet")
    assert (code, problem) == (0, "")
    lines = told.splitlines()
    phases = [line.split()[0] for line in lines]
    assert [p for p in ("resolving", "installing", "verifying", "switching", "done") if p in phases]
    assert "Installed mcp-hello-world 1.1.2 as server hello, with " in told
    (package,) = product.graphql(PACKAGES)["nodes"]
    assert (package["version"], package["upgradePolicy"]) == ("1.1.2", "HOLD_BREAKING")
    server = product.rest("GET", "/mcp/servers/hello").json()["server"]
    assert server["args"][-1] == "--quiet"
    assert set(told.split()) >= {tool["name"] for tool in server["toolsList"]}

    code, told, problem = beside(product, tmp_path, *HELLO)
    assert (code, told.count("Installed")) == (1, 0)
    assert problem.startswith("mcp-api: There is already a server named 'hello'.")

    code, told, _ = beside(product, tmp_path, "upgrade", "hello", "--version", "1.1.2")
    assert (code, "1.1.2 is installed already." in told) == (0, True)
    code, _, problem = beside(product, tmp_path, "rollback", "hello")
    assert (code, "There is no version before" in problem) == (1, True)

    code, told, _ = beside(product, tmp_path, "uninstall", "hello", "--yes")
    assert code == 0
    assert told.endswith("Removed hello.\n")
    assert product.graphql(PACKAGES)["nodes"] == []


@pytest.mark.soak
def test_alone_a_command_starts_the_engines_and_leaves_nothing_running(tmp_path: Path) -> None:
    finished = run(tmp_path, *HELLO)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert "Installed mcp-hello-world 1.1.2 as server hello" in finished.stdout
    listed = run(tmp_path, "packages", NO_COLOR="1", COLUMNS="120")
    assert [line.split()[:3] for line in listed.stdout.splitlines()[1:]] == [
        ["hello", "mcp-hello-world", "1.1.2"]
    ]
    product = Product(tmp_path)
    assert product.processes() == []
    assert not (tmp_path / "data" / "address").exists()


def test_ctrl_c_cancels_what_was_begun(tmp_path: Path, product: Product) -> None:
    command = [sys.executable, "-m", "app", "install", "mcp-hello-world", "--as", "cut"]
    env = environment(tmp_path, DATA_DIR=str(product.data_dir))
    with subprocess.Popen(
        command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        eventually(lambda: product.graphql(PACKAGES)["nodes"], seconds=30)
        process.send_signal(signal.SIGINT)
        _, problem = process.communicate(timeout=30)
    assert (process.returncode, problem) == (130, "mcp-api: cancelled; nothing was changed.\n")
    assert product.graphql(PACKAGES)["nodes"] == []
    assert not (product.data_dir / "packages" / "cut").exists()
