"""One running product for the GraphQL tests."""

from collections.abc import Iterator

import pytest

from tests.product import Product


@pytest.fixture(scope="package")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("q")).start()
    for name in ("a", "b", "c"):
        product.add_fingerprint(name)
        assert product.call(name, "pid")
    yield product
    product.stop()
