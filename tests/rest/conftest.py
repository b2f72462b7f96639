"""One running product for the tests of REST, with one server in it."""

from collections.abc import Iterator

import pytest

from tests.product import Product
from tests.rest.documented import check_answer


@pytest.fixture(scope="package")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("r"), PAYLOAD_LIMIT="64kb").start()
    # No test of this folder may get an answer that the OpenAPI document does not promise.
    product.http.event_hooks["response"].append(check_answer)
    product.add_fingerprint("fp")
    assert product.call("fp", "pid")
    yield product
    product.stop()
