"""The OpenAPI document says what the door does: all of it, in examples that are real."""

from pathlib import Path

import pytest
from starlette.routing import Route

from app.domain.errors import ErrorCode
from app.edge.status import HTTP_STATUS
from app.rest.openapi.document import examples
from app.rest.openapi_routes import document_text
from app.rest.routes import OPERATIONS, rest_routes
from tests.product import Product
from tests.rest.documented import described, document, fits
from tests.rest.recorded import SETTINGS, record

FILE = Path(__file__).parents[2] / "openapi.json"
BESIDE = ("/openapi.json", "/docs")
IDS = [operation.id for operation in OPERATIONS]


def test_the_file_in_the_repository_is_the_document() -> None:
    assert FILE.read_bytes() == document_text(OPERATIONS)


def test_the_served_document_is_the_same(product: Product) -> None:
    response = product.rest("GET", "/openapi.json")
    assert response.headers["content-type"] == "application/json"
    assert response.json() == document()


def test_every_route_is_documented_and_every_operation_is_a_route() -> None:
    routes = [route for route in rest_routes() if isinstance(route, Route)]
    served = {(m, r.path) for r in routes for m in r.methods or () if m != "HEAD"}
    documented = {(operation.method, operation.path) for operation in OPERATIONS}
    assert served - documented == {("GET", path) for path in BESIDE}
    assert documented <= served
    assert len(set(IDS)) == len(IDS)


@pytest.mark.parametrize("operation_id", IDS)
def test_each_code_is_listed_under_its_status(operation_id: str) -> None:
    for status, response in described(operation_id)["responses"].items():
        for code in response.get("x-codes", ()):
            assert HTTP_STATUS[ErrorCode(code)] == int(status)
            assert f"`{code}`" in response["description"]


@pytest.mark.parametrize("operation_id", [name for name in IDS if name in examples()])
def test_each_example_fits_its_schema(operation_id: str) -> None:
    said, example = described(operation_id), examples()[operation_id]
    success = said["responses"]["200"]["content"]["application/json"]
    assert fits(success["schema"], example["answer"])
    if "request" in example:
        body = said["requestBody"]["content"]["application/json"]
        assert body["example"] == example["request"]
        assert fits(body["schema"], example["request"])


@pytest.mark.parametrize("operation_id", IDS)
def test_each_way_to_fail_has_an_example_of_its_own_status(operation_id: str) -> None:
    for status, response in described(operation_id)["responses"].items():
        if int(status) >= 400:
            shown = response["content"]["application/json"]["examples"]
            assert shown.keys() <= {*response["x-codes"]}
            assert all(code == example["value"]["code"] for code, example in shown.items())


@pytest.mark.soak
def test_the_examples_are_what_a_product_answers(tmp_path: Path) -> None:
    product = Product(tmp_path, **SETTINGS).start()
    try:
        assert record(product) == examples()
    finally:
        product.stop()
