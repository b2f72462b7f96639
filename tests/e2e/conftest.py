from collections.abc import Iterator

import pytest

from tests.product import Product


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product for the tests of a file that do not end it."""
    product = Product(tmp_path_factory.mktemp("s")).start()
    yield product
    product.stop()


@pytest.fixture
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product of the test's own, started; the test may end it and start it again."""
    product = Product(tmp_path_factory.mktemp("e"))
    product.start()
    yield product
    if product.is_running:
        product.stop()
