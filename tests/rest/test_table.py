"""A table of requests over real HTTP: each row says what must come back, and refusals change nothing."""

import pytest

from tests.product import Product
from tests.rest.stored import stored
from tests.rest.table import ROWS, Row


@pytest.mark.parametrize("row", ROWS, ids=[row.title for row in ROWS])
def test_the_answer_is_the_one_in_the_table(product: Product, row: Row) -> None:
    before = stored(product)
    response = product.http.request(
        row.method, row.path, content=row.content, headers=dict(row.headers)
    )
    assert response.status_code == row.status, response.text
    answer = response.json()
    assert {name: answer.get(name) for name in row.answer} == row.answer
    assert answer["success"] is (row.status == 200)
    assert stored(product) == before
