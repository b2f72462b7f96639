"""Coming to a running product with a token, and making one beside it."""

import httpx

from tests.cli.test_commands import run
from tests.product import Product


def tokens(product: Product, *arguments: str, code: int = 0) -> str:
    finished = run(product.data_dir.parent, "tokens", *arguments)
    assert finished.returncode == code, finished.stderr
    return finished.stdout or finished.stderr


def status(product: Product, *headers: tuple[str, str]) -> int:
    with httpx.Client(base_url=product.address, trust_env=False) as client:
        return client.get("/mcp/servers", headers=[*headers]).status_code


def bearer(text: str) -> tuple[str, str]:
    return ("Authorization", f"Bearer {text}")
