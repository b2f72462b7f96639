"""A product to move into, and what can be seen of it."""

from typing import Any

from tests.graphql_documents import PACKAGES, SECRETS, SERVERS
from tests.product import Product

USERS = ("alice", "bob", "default")


def everything(product: Product) -> list[Any]:
    """All that the product shows of servers, packages and secrets, but what changes by itself."""
    moving = ("status", "lastError", "logs", "tools")
    servers = [
        {k: v for k, v in server.items() if k not in moving}
        for server in product.graphql(SERVERS)["nodes"]
    ]
    secrets = [product.graphql(SECRETS, username=user)["nodes"] for user in USERS]
    return [servers, product.graphql(PACKAGES)["nodes"], secrets]


def marks(output: str) -> list[str]:
    """The first column of the report."""
    known = ("would do", "done", "already there", "to be set", "cannot be placed")
    return [mark for line in output.splitlines() for mark in known if line.startswith(mark + "  ")]
