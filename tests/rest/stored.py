"""What is stored, so that a refusal can be shown to have changed nothing."""

from typing import Any

from tests.graphql_documents import SECRETS
from tests.product import Product

USERS = ("default", "alice")
CHANGING = ("status", "logs", "toolsList")


def stored(product: Product) -> object:
    """Servers, packages and the names of secrets, without what changes by itself."""
    servers: list[dict[str, Any]] = product.rest("GET", "/mcp/servers").json()["servers"]
    kept = [{k: v for k, v in server.items() if k not in CHANGING} for server in servers]
    packages = product.rest("GET", "/packages").json()["packages"]
    secrets = [product.graphql(SECRETS, username=user)["nodes"] for user in USERS]
    return kept, packages, secrets
