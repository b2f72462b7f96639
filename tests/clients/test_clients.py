"""GraphQL over HTTP as its own suite sees it, a linter for schemas, and generated TypeScript."""

import shutil
from collections.abc import Iterator

import pytest

from tests.clients.conftest import HERE, Toolbox
from tests.product import ROOT, Product

SCHEMA = ROOT / "schema.graphql"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("c")).start()
    yield product
    product.stop()


def test_every_audit_of_graphql_over_http_is_passed(product: Product, toolbox: Toolbox) -> None:
    results = toolbox.audit(f"{product.address}/graphql")
    assert len(results) == 61
    assert [result for result in results if result["status"] != "ok"] == []


def test_the_rules_for_schema_design_are_kept(toolbox: Toolbox) -> None:
    shutil.copy(SCHEMA, toolbox.folder / "schema.graphql")
    done = toolbox.run("eslint", "schema.graphql")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done.stdout


def test_generated_typescript_compiles_against_real_queries(toolbox: Toolbox) -> None:
    said = toolbox.compile(SCHEMA.read_text(), HERE / "operations.graphql", HERE / "use.ts")
    assert said == ""
