"""Moving in from a database in the original's format: the command line, a running product."""

import hashlib
import json
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase

from tests.cli.importing import everything, marks
from tests.cli.test_commands import run
from tests.conftest import Mongo
from tests.graphql_documents import SECRETS
from tests.product import Product
from tests.subjects import FINGERPRINT

OLD_KEY = "the old passphrase"


@pytest.fixture
async def old(mongo: Mongo) -> AsyncIterator[AsyncIOMotorDatabase[dict[str, Any]]]:
    """The database of an original deployment, empty."""
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(mongo.embedded.uri)
    await client.drop_database("old")
    yield client["old"]
    await client.drop_database("old")
    client.close()


def seal(value: str, passphrase: str = OLD_KEY) -> str:
    """A value as the original stores it."""
    nonce = hashlib.sha256(value.encode()).digest()[:16]
    key = hashlib.sha256(passphrase.encode()).digest()
    sealed = AESGCM(key).encrypt(nonce, value.encode(), None)
    return f"{nonce.hex()}:{sealed[-16:].hex()}:{sealed[:-16].hex()}"


async def fill(old: AsyncIOMotorDatabase[dict[str, Any]]) -> None:
    """What the original leaves behind, in its own collections and fields."""
    await old["mcpservers"].insert_many(
        [
            {"name": "weather", "displayName": "weather", "transportType": "stdio",
             "command": sys.executable, "args": ["-S", str(FINGERPRINT)], "env": {},
             "secretNames": ["token"], "status": "connected", "enabled": True,
             "startupTimeout": 9000, "toolsList": [], "logs": []},
            {"name": "weather.eu", "transportType": "stdio", "command": sys.executable,
             "args": ["-S", str(FINGERPRINT)], "env": {}, "secretName": "token", "enabled": True},
            {"name": "greeter", "transportType": "stdio", "command": "node",
             "args": ["/srv/packages/hello/index.js"], "env": {}, "enabled": True},
            {"name": "a b", "command": "x"},
        ]
    )  # fmt: skip
    await old["packages"].insert_many(
        [
            {"name": "mcp-hello-world", "version": "1.1.2", "mcpServerId": "greeter",
             "installPath": "/srv/packages/hello", "status": "installed", "enabled": True},
            {"name": "some python", "version": "1.0", "mcpServerId": "py", "runtime": "python"},
        ]
    )  # fmt: skip
    await old["secrets"].insert_many(
        [
            {"username": "alice", "key": "token", "value": seal("planted-alice-bare")},
            {"username": "bob", "key": "weather.token", "value": seal("planted-bob")},
            {"username": "bob", "key": "weather.eu.token", "value": seal("planted-bob-eu")},
            {"username": "bob", "key": "unknown", "value": seal("planted-nowhere")},
            {"username": "bob", "key": "weather.k", "value": seal("planted-x", "another")},
        ]
    )


def import_node(
    folder: Path, product: Product, mongo: Mongo, *arguments: str, **settings: str
) -> tuple[int, str]:
    finished = run(
        folder, "import-node", "--from-uri", mongo.embedded.uri, "--from-db", "old",
        "--url", product.address, *arguments, **{"SECRETS_KEY_OLD": OLD_KEY, **settings},
    )  # fmt: skip
    return finished.returncode, finished.stdout + finished.stderr


async def contents(old: AsyncIOMotorDatabase[dict[str, Any]]) -> dict[str, Sequence[Any]]:
    names = sorted(await old.list_collection_names())
    return {name: [d async for d in old[name].find().sort("_id", 1)] for name in names}


async def test_an_original_deployment_moves_in_once_and_stays_as_it_was(
    tmp_path: Path, product: Product, mongo: Mongo, old: AsyncIOMotorDatabase[dict[str, Any]]
) -> None:
    await fill(old)
    before, old_before = everything(product), await contents(old)

    code, told = import_node(tmp_path, product, mongo)
    assert (code, marks(told)) == (1, ["would do"] * 7 + ["cannot be placed"] * 4)
    assert everything(product) == before

    code, told_then = import_node(tmp_path, product, mongo, "--apply")
    assert (code, marks(told_then)) == (1, ["done"] * 7 + ["cannot be placed"] * 4)
    for listed in (
        "server 'a b': A server's name must be",
        "package 'some python' of server 'py': The package's name must be one from PyPI",
        "secret 'unknown' of 'bob': No server declares that name",
        "secret 'weather.k' of 'bob': Its value does not open: another key sealed it",
    ):
        assert f"cannot be placed  {listed}" in told_then
    there = everything(product)

    code, told_again = import_node(tmp_path, product, mongo, "--apply")
    assert (code, marks(told_again)) == (1, ["already there"] * 7 + ["cannot be placed"] * 4)
    assert told_again.endswith("Nothing was changed.\n")
    assert everything(product) == there
    assert await contents(old) == old_before

    assert "planted" not in told + told_then + told_again
    for user, server, value in (
        ("alice", "weather", "planted-alice-bare"),
        ("alice", "weather.eu", "planted-alice-bare"),
        ("bob", "weather", "planted-bob"),
        ("bob", "weather.eu", "planted-bob-eu"),
    ):
        seen = json.loads(product.call(server, "fingerprint", username=user))
        assert seen == {"token": hashlib.sha256(value.encode()).hexdigest()}


async def test_a_wrong_key_lists_every_secret_and_stores_none(
    tmp_path: Path, product: Product, mongo: Mongo, old: AsyncIOMotorDatabase[dict[str, Any]]
) -> None:
    await old["s"].insert_one({"name": "wrongly", "command": "true", "secretNames": ["k"]})
    await old["k"].insert_one({"username": "bob", "key": "k", "value": seal("planted")})
    code, told = import_node(tmp_path, product, mongo, "--apply", SECRETS_KEY_OLD="not it")
    assert (code, marks(told)) == (1, ["done", "cannot be placed"])
    secrets = product.graphql(SECRETS, username="bob", serverName="wrongly")
    assert secrets["nodes"] == []


async def test_what_stands_in_the_way_of_reading_is_told_in_one_sentence(
    tmp_path: Path, product: Product, mongo: Mongo, old: AsyncIOMotorDatabase[dict[str, Any]]
) -> None:
    def told(*arguments: str, **settings: str) -> str:
        code, text = import_node(tmp_path, product, mongo, *arguments, **settings)
        assert (code, len(text.splitlines())) == (1, 1), text
        return text.removeprefix("mcp-api: ").rstrip()

    assert told(SECRETS_KEY_OLD="").startswith("SECRETS_KEY_OLD is not set.")
    assert told("--old-key-env", "OTHER").startswith("OTHER is not set.")
    ours = {"name": "a", "command": "x", "revision": "r"}  # as this product keeps its servers
    await old["ours"].insert_one(ours)
    assert told().startswith("No collection of old looks like an original deployment's.")
    for name in ("one", "two"):
        await old[name].insert_one({"name": name, "command": "x"})
    assert told().startswith("Several collections of old look like servers: one, two.")
    assert told("--collections", "servers=three") == "There is no collection three in old."
    assert told("--collections", "three").startswith("--collections must be like")
    assert told("--from-uri", "mongodb://me:planted@/").startswith("The address of the old")
    gone = told("--from-uri", "mongodb://me:planted@127.0.0.1:9/?serverSelectionTimeoutMS=100")
    assert gone == "The old database cannot be read (ServerSelectionTimeoutError)."


async def test_collections_of_other_names_can_be_named(
    tmp_path: Path, product: Product, mongo: Mongo, old: AsyncIOMotorDatabase[dict[str, Any]]
) -> None:
    for name in ("one", "two"):
        await old[name].insert_one({"name": f"from-{name}", "command": "x"})
    code, told = import_node(tmp_path, product, mongo, "--collections", "servers=two")
    assert (code, marks(told)) == (0, ["would do"])
    assert "server 'from-two': command x" in told
