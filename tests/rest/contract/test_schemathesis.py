"""Schemathesis against the OpenAPI document: every check, no surprise, no undocumented answer."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.product import ROOT, Product
from tests.subjects import EVERYTHING

FOLDER = Path(__file__).parent
# The examples of the document name this server and its tools.
SERVER = "everything"
# A registry that is away: what is generated is not asked for.
NO_REGISTRY = {"npm_config_registry": "http://127.0.0.1:9", "npm_config_fetch_retries": "0"}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("c"), **NO_REGISTRY).start()
    product.add_server(SERVER, EVERYTHING)
    yield product
    assert "Surprise" not in product.output()
    product.stop()


def run(product: Product, folder: Path, *options: str) -> int:
    """Run all checks; how many cases there were."""
    command = [
        sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()",
        "--config-file", str(FOLDER / "schemathesis.toml"),
        "run", f"{product.address}/openapi.json", "--checks", "all", "--no-color",
        "--continue-on-failure", *options,
    ]  # fmt: skip
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "tests.rest.contract.hooks",
    }  # fmt: skip
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    found = re.search(r"(\d+) generated", done.stdout)
    assert found is not None, done.stdout
    return int(found[1])


def test_a_few_cases_of_every_operation_keep_the_contract(product: Product, tmp_path: Path) -> None:
    options = ("--phases", "examples,coverage,fuzzing", "-n", "4", "--generation-deterministic")
    # Each install starts npm, which takes a second to find out that there is no registry.
    assert run(product, tmp_path, *options, "--exclude-operation-id", "installPackage") > 1000


@pytest.mark.soak
def test_thousands_of_cases_keep_the_contract(product: Product, tmp_path: Path) -> None:
    assert run(product, tmp_path, "-n", "300", "--exclude-operation-id", "installPackage") > 4000
    assert run(product, tmp_path, "-n", "30", "--include-operation-id", "installPackage") > 50
