"""A product of a file's own."""

from collections.abc import Iterator

import pytest

from tests.product import Product


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product that the tests of this file fill under different names."""
    product = Product(tmp_path_factory.mktemp("i")).start()
    yield product
    product.stop()
