"""The GraphQL in the guides, the README and GraphiQL is GraphQL, and of this schema."""

import json
import re
from pathlib import Path

import pytest
from graphql import FieldNode, OperationDefinitionNode, parse, validate

from app.resolvers.schema import build_schema

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
BLOCK = re.compile(r"```graphql\n(.*?)```", re.DOTALL)
DOCUMENTS = [
    pytest.param(block, id=f"{page.name} {number}")
    for page in sorted(DOCS.glob("*.md"))
    if page.name != "graphql-tools.md"  # its operations are of another schema
    for number, block in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")))
]

EXAMPLES = re.findall(
    r'title: "(.*?)".*?query: `(.*?)`',
    (ROOT / "app/resolvers/graphiql/examples.js").read_text(encoding="utf-8"),
    re.DOTALL,
)
# Bodies of curl commands, but for those of the typed tools' schema.
BODIES = re.findall(
    r"/graphql [^\n]*\n?[^\n]*-d '(\{.*?\})'\n",
    (ROOT / "README.md").read_text(encoding="utf-8"),
    re.DOTALL,
)
TOUR = [json.loads(body)["query"] for body in BODIES]


def root_fields(document: str) -> set[str]:
    """What the operations of a document ask for."""
    operations = [d for d in parse(document).definitions if isinstance(d, OperationDefinitionNode)]
    selections = [s for operation in operations for s in operation.selection_set.selections]
    return {selection.name.value for selection in selections if isinstance(selection, FieldNode)}


def test_there_is_something_to_check() -> None:
    assert len(DOCUMENTS) >= 8
    assert len(EXAMPLES) >= 20
    assert len(TOUR) >= 7


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_of_the_guides_is_valid(document: str) -> None:
    assert validate(build_schema()._schema, parse(document)) == []


@pytest.mark.parametrize(("title", "query"), EXAMPLES)
def test_an_example_of_graphiql_is_valid(title: str, query: str) -> None:
    assert validate(build_schema()._schema, parse(query)) == [], title


@pytest.mark.parametrize("query", TOUR)
def test_a_step_of_the_readme_is_valid_and_has_an_example(query: str) -> None:
    assert validate(build_schema()._schema, parse(query)) == []
    assert root_fields(query) <= set().union(*(root_fields(text) for _, text in EXAMPLES))
