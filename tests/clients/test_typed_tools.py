"""Published servers: their tools as fields, and TypeScript made from the schema of all of them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.clients.conftest import HERE, Toolbox
from tests.graphql_documents import INSTALL_PACKAGE
from tests.product import Product
from tests.resolvers.typed.asking import SDL, data

PACKAGES = {
    "everything": ("@modelcontextprotocol/server-everything", "2026.8.31"),
    "git-hub": ("@missionsquad/mcp-github", "0.10.8"),
    "memory": ("@modelcontextprotocol/server-memory", "2026.8.31"),
}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("t")).start()
    yield product
    product.stop()


@pytest.fixture(scope="module")
def servers(product: Product) -> Product:
    def install(server: str) -> str:
        package, version = PACKAGES[server]
        wanted = {"packageName": package, "version": version, "serverName": server}
        installed = product.graphql(INSTALL_PACKAGE, input=wanted)
        return str(installed["__typename"])

    with ThreadPoolExecutor() as pool:
        assert {*pool.map(install, PACKAGES)} == {"InstalledPackage"}
    return product


def test_the_example_of_the_documentation(servers: Product) -> None:
    query = 'mutation { everything { echo(message: "hi") { text } } }'
    assert data(servers, query) == {"everything": {"echo": {"text": "Echo: hi"}}}


def test_the_parts_of_an_answer_have_their_types(servers: Product) -> None:
    query = """mutation { everything { get__tiny__image { content {
      __typename ... on TextContent { text } ... on ImageContent { mimeType }
    } } } }"""
    first, image, last = data(servers, query)["everything"]["get__tiny__image"]["content"]
    assert image == {"__typename": "ImageContent", "mimeType": "image/png"}
    assert (first["__typename"], last["__typename"]) == ("TextContent", "TextContent")


def test_every_tool_of_a_large_server_is_a_field_with_arguments_of_its_own(
    servers: Product,
) -> None:
    told = data(servers, "{ toolServers { name field tools { name field typedArguments } } }")
    (own,) = [s for s in told["toolServers"] if s["name"] == "git-hub"]
    assert own["field"] == "git__hub"
    assert len(own["tools"]) == 67
    assert {tool["field"] for tool in own["tools"]} == {tool["name"] for tool in own["tools"]}
    assert [tool["name"] for tool in own["tools"] if not tool["typedArguments"]] == []


def test_nested_arguments_and_typed_results_of_a_server_that_remembers(servers: Product) -> None:
    ada = {"name": "Ada", "entityType": "person", "observations": ["wrote a program"]}
    query = """mutation ($entities: [Memory_CreateEntities_EntitiesInput!]!) { memory {
      create_entities(entities: $entities) { isError structured { entities { name } } }
      read_graph { structured { entities { name entityType observations } } }
      delete_entities(entityNames: ["Ada"]) { isError }
    } }"""
    assert data(servers, query, entities=[ada])["memory"] == {
        "create_entities": {"isError": False, "structured": {"entities": [{"name": "Ada"}]}},
        "read_graph": {"structured": {"entities": [ada]}},
        "delete_entities": {"isError": False},
    }


def test_generated_typescript_compiles_against_real_calls(
    servers: Product, toolbox: Toolbox
) -> None:
    schema = servers.http.get(SDL).text
    said = toolbox.compile(schema, HERE / "typed_tools.graphql", HERE / "typed_tools.ts")
    assert said == ""
