"""The GraphQL in the guides is GraphQL, and of this schema."""

import re
from pathlib import Path

import pytest
from graphql import parse, validate

from app.resolvers.schema import build_schema

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"```graphql\n(.*?)```", re.DOTALL)
DOCUMENTS = [
    pytest.param(block, id=f"{page.name} {number}")
    for page in sorted(DOCS.glob("*.md"))
    if page.name != "graphql-tools.md"  # its operations are of another schema
    for number, block in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")))
]


def test_there_is_something_to_check() -> None:
    assert len(DOCUMENTS) >= 8


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_of_the_guides_is_valid(document: str) -> None:
    assert validate(build_schema()._schema, parse(document)) == []
