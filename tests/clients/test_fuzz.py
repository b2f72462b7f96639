"""Operations that Schemathesis makes up from the schema: no 5xx, no bug that was masked."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.conftest import HERE
from tests.product import Product

SCHEMATHESIS = "schemathesis==4.32.0"
UV = Path(sys.executable).with_name("uv")
# Wide, so that what is made up is run instead of refused.
LIMITS = {
    "GRAPHQL_MAX_TOKENS": "20000", "GRAPHQL_MAX_DEPTH": "60", "GRAPHQL_MAX_ALIASES": "1000",
    "GRAPHQL_MAX_COST": "100000000",
}  # fmt: skip
MINUTES = 30
TOKEN = "the-admin-of-the-fuzz-run-0123456789"


@pytest.fixture(scope="module")
def schemathesis(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, in an environment of its own."""
    folder = tmp_path_factory.mktemp("schemathesis")
    make = ("venv", "--quiet", "--python", sys.executable, folder)
    fill = ("pip", "install", "--quiet", "--python", folder / "bin/python", SCHEMATHESIS)
    for command in (make, fill):
        subprocess.run([UV, *command], check=True, capture_output=True, timeout=300)
    return folder / "bin" / "st"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    # With authentication from the start: the first token that is made up would turn it on.
    product = Product(tmp_path_factory.mktemp("f"), ADMIN_TOKEN=TOKEN, **LIMITS).start()
    product.http.headers["Authorization"] = f"Bearer {TOKEN}"
    product.add_fingerprint("a")
    product.set_secret("a", "key", "a value of eight or more", "ann")
    yield product
    product.stop()


def fuzz(program: Path, product: Product, folder: Path, *options: str) -> tuple[int, int, str]:
    """How many cases were made, how many passed, and what was said."""
    done = subprocess.run(
        [
            program, "run", f"{product.address}/graphql", "--checks", "no_surprise", "--no-color",
            "--phases", "fuzzing", "--header", f"Authorization: Bearer {TOKEN}", *options,
        ],
        cwd=folder,
        env={**os.environ, "SCHEMATHESIS_HOOKS": "fuzz_hooks", "PYTHONPATH": str(HERE)},
        capture_output=True, text=True, timeout=60 * MINUTES,
    )  # fmt: skip
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    counted = re.search(r"(\d+) generated, (\d+) passed", told)
    assert counted is not None, told
    return int(counted[1]), int(counted[2]), told


def test_what_is_made_up_from_the_schema_meets_no_bug(
    schemathesis: Path, product: Product, tmp_path: Path
) -> None:
    options = ("--max-examples", "3", "--generation-deterministic", "--no-shrink")
    made, passed, told = fuzz(schemathesis, product, tmp_path, *options)
    assert made >= 60
    assert passed == made, told
    assert "Surprise" not in product.output()


@pytest.mark.soak
def test_thousands_of_operations_meet_no_bug(
    schemathesis: Path, product: Product, tmp_path: Path
) -> None:
    made, passed, told = fuzz(schemathesis, product, tmp_path, "--max-examples", "150")
    print(f"{made} operations")
    assert made >= 3000
    assert passed == made, told
    assert "Surprise" not in product.output()
