"""A server whose tools are in a file, for each test that wants one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.product import Product
from tests.resolvers.typed.asking import Listed


@pytest.fixture
def listed(product: Product, tmp_path: Path) -> Iterator[Listed]:
    """Not added yet: write its file first."""
    yield Listed(product, "listed", tmp_path / "tools.json", tmp_path / "record.jsonl")
    product.rest("DELETE", "/mcp/servers/listed")
