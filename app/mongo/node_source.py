"""An original deployment's MongoDB: only ever read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase
from pymongo.errors import ConfigurationError, PyMongoError

from app.domain.imports.node_read import NodeDocuments

PATIENCE_MILLISECONDS = 5000
_TEXT: Mapping[str, Any] = {"$type": "string"}
# What a document of each kind has. This product's own servers have a revision.
SIGNS: Mapping[str, Mapping[str, Any]] = {
    "servers": {
        "name": _TEXT,
        "mcpServerId": {"$exists": False},
        "revision": {"$exists": False},
        "$or": [{"command": _TEXT}, {"url": _TEXT}],
    },
    "packages": {"name": _TEXT, "mcpServerId": {"$exists": True}},
    "secrets": {"username": _TEXT, "key": _TEXT, "value": _TEXT},
}

_Database = AsyncIOMotorDatabase[dict[str, Any]]


class NodeSourceProblem(Exception):
    """Why the old database cannot be read, in one sentence; holds no password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePlace:
    """Where an original deployment keeps its things; collections not named are looked for."""

    uri: str = field(repr=False)
    database: str
    secrets_database: str
    collections: Mapping[str, str] = field(default_factory=dict)


async def read_node_documents(place: NodePlace) -> NodeDocuments:
    """Every document of the deployment.

    Raises:
        NodeSourceProblem: It cannot be reached, or it is not clear which collection is which.
    """
    try:
        client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
            place.uri,
            serverSelectionTimeoutMS=PATIENCE_MILLISECONDS,
            connectTimeoutMS=PATIENCE_MILLISECONDS,
            appname="mcp-api import-node",
        )
    except (ConfigurationError, ValueError) as error:  # the driver's words hold no password
        raise NodeSourceProblem(
            f"The address of the old database cannot be used: {error}."
        ) from None
    try:
        return await _read_all(client, place)
    except PyMongoError as error:
        kind = type(error).__name__
        raise NodeSourceProblem(f"The old database cannot be read ({kind}).") from None
    finally:
        client.close()


async def _read_all(client: AsyncIOMotorClient[dict[str, Any]], place: NodePlace) -> NodeDocuments:
    found: dict[str, list[dict[str, Any]]] = {}
    sources = []
    for kind in SIGNS:
        name = place.secrets_database if kind == "secrets" else place.database
        collection = await _collection(client[name], kind, place.collections.get(kind))
        if collection is None:
            sources.append(f"{kind}: no collection of {name} looks like theirs")
            continue
        found[kind] = [
            document async for document in client[name][collection].find().sort("_id", 1)
        ]
        sources.append(f"{kind}: {name}.{collection}, {len(found[kind])} documents")
    if not found:
        raise NodeSourceProblem(
            f"No collection of {place.database} looks like an original deployment's. "
            "Name them with --collections servers=…,packages=…,secrets=…"
        )
    return NodeDocuments(sources=sources, **found)


async def _collection(database: _Database, kind: str, named: str | None) -> str | None:
    """The collection of that kind: the named one, or the only one with such documents."""
    names = [n for n in await database.list_collection_names() if not n.startswith("system.")]
    if named is not None:
        if named not in names:
            raise NodeSourceProblem(f"There is no collection {named} in {database.name}.")
        return named
    fitting = [n for n in sorted(names) if await database[n].find_one(SIGNS[kind], {"_id": 1})]
    if len(fitting) > 1:
        raise NodeSourceProblem(
            f"Several collections of {database.name} look like {kind}: {', '.join(fitting)}. "
            f"Say which with --collections {kind}=…"
        )
    return fitting[0] if fitting else None
