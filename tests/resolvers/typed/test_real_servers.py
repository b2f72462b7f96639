"""Published servers: their tools as fields, and TypeScript made from the schema of all of them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.codegen.typescript import TypeScript
from tests.graphql_documents import INSTALL_PACKAGE
from tests.product import Product
from tests.resolvers.typed.asking import SDL, data

PACKAGES = {
    "everything": ("@modelcontextprotocol/server-everything", "2026.8.31"),
    "git-hub": ("@missionsquad/mcp-github", "0.10.8"),
    "memory": ("@modelcontextprotocol/server-memory", "2026.8.31"),
}
OPERATIONS = """
fragment Answer on CallResult { isError text }
mutation Sum($a: Float!, $b: Float!) {
  everything(username: "alice", timeoutSeconds: 20) { get__sum(a: $a, b: $b) { ...Answer } }
}
mutation Weather($where: Everything_GetStructuredContent_Location!) {
  everything { get__structured__content(location: $where) {
    ...Answer structured { temperature conditions humidity }
  } }
}
mutation Remember($entities: [Memory_CreateEntities_EntitiesInput!]!) {
  memory { create_entities(entities: $entities) { structured { entities { name entityType } } } }
}
mutation Issues($state: GitHub_ListIssues_State) {
  git__hub { list_issues(owner: "o", repo: "r", state: $state) { text } }
}
query Tools { toolServers { field tools { name field } } }
"""
PROGRAM = """
import type {
  IssuesMutationVariables, RememberMutationVariables, SumMutation, ToolsQuery, WeatherMutation,
  WeatherMutationVariables,
} from "./types";
import { Everything_GetStructuredContent_Location } from "./types";

declare const sum: SumMutation;
export const text: string | undefined = sum.everything.get__sum?.text;
declare const weather: WeatherMutation;
export const degrees: number | undefined =
  weather.everything.get__structured__content?.structured?.temperature;
export const where: WeatherMutationVariables = {
  where: Everything_GetStructuredContent_Location.NewX20York,
};
export const remember: RememberMutationVariables = {
  entities: [{ name: "Ada", entityType: "person", observations: ["wrote a program"] }],
};
export const issues: IssuesMutationVariables = {};
declare const tools: ToolsQuery;
export const names: string[] = tools.toolServers.flatMap((s) => s.tools.map((t) => t.name));
"""
WRONG = """
import type { RememberMutationVariables, SumMutation } from "./types";
declare const sum: SumMutation;
export const text: number | undefined = sum.everything.get__sum?.text;
export const remember: RememberMutationVariables = { entities: [{ name: "Ada" }] };
"""


@pytest.fixture(scope="module")
def servers(product: Product) -> Iterator[Product]:
    def install(server: str) -> str:
        package, version = PACKAGES[server]
        wanted = {"name": package, "version": version, "serverName": server}
        installed = product.graphql(INSTALL_PACKAGE, input=wanted)
        return str(installed["__typename"])

    with ThreadPoolExecutor() as pool:
        assert {*pool.map(install, PACKAGES)} == {"InstalledPackage"}
    yield product
    for server in PACKAGES:
        product.rest("DELETE", f"/packages/{server}")


def test_the_example_of_the_documentation(servers: Product) -> None:
    query = 'mutation { everything { echo(message: "hi") { text } } }'
    assert data(servers, query) == {"everything": {"echo": {"text": "Echo: hi"}}}


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


def test_typescript_made_from_the_schema_fits_real_operations(
    servers: Product, tmp_path_factory: pytest.TempPathFactory
) -> None:
    typescript = TypeScript(tmp_path_factory.mktemp("typescript"))
    schema = servers.http.get(SDL).text
    said = typescript.complaints(schema, OPERATIONS, right=PROGRAM, wrong=WRONG)
    assert said["right"] == []
    text, remember = said["wrong"]
    assert "TS2322" in text
    assert "entityType, observations" in remember
