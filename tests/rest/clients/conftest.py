"""One running product for the generated clients, with one server in it."""

from collections.abc import Iterator

import pytest

from tests.product import Product


@pytest.fixture(scope="package")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("g")).start()
    product.add_fingerprint("fp")
    assert product.call("fp", "pid")
    yield product
    product.stop()
