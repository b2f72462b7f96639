"""Every setting of a server, through GraphQL."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.graphql_documents import (
    ADD_SERVER,
    DELETE_SERVER,
    SERVER_BY_NAME,
    SERVERS,
    UPDATE_SERVER,
)
from tests.product import Product

LIMITS = {
    "isolation": "PER_USER", "startupTimeoutSeconds": 5.5, "callTimeoutSeconds": 30.0,
    "longestCallSeconds": 600.0, "idleSeconds": 45.0, "maxConcurrentCalls": 3, "maxSessions": 7,
    "checksArguments": False, "logLevel": "WARNING",
}  # fmt: skip
DEFAULTS = {
    "isolation": "SHARED", "startupTimeoutSeconds": 30.0, "callTimeoutSeconds": 60.0,
    "longestCallSeconds": 3600.0, "idleSeconds": None, "maxConcurrentCalls": None,
    "maxSessions": None, "checksArguments": True, "logLevel": None,
}  # fmt: skip
REMOTE = {"transport": "STREAMABLE_HTTP", "url": "http://127.0.0.1:9/mcp", "headers": {"X-A": "b"}}
PROGRAM = {"command": "true", "args": ["x"], "env": {"A": "b"}}
NAME = {"serverName": "new"}


@pytest.fixture
def unstarted(product: Product) -> Iterator[Product]:
    """The product; the server `new` is removed in the end."""
    yield product
    product.graphql(DELETE_SERVER, input=NAME)


def shown(product: Product) -> dict[str, Any]:
    """The server `new`, without what changes by itself."""
    server: dict[str, Any] = product.graphql(SERVER_BY_NAME, serverName="new")
    return {name: value for name, value in server.items() if name != "updatedAt"}


@pytest.mark.parametrize("given", [{}, LIMITS], ids=["defaults", "limits"])
@pytest.mark.parametrize("how", [REMOTE, PROGRAM], ids=["remote", "program"])
def test_a_server_is_shown_as_it_was_added(
    unstarted: Product, how: dict[str, object], given: dict[str, object]
) -> None:
    added = unstarted.graphql(ADD_SERVER, input={**NAME, "enabled": False, **how, **given})
    assert added | how | DEFAULTS | given == added
    if how is REMOTE:
        assert (added["command"], added["args"], added["env"]) == (None, [], {})
    else:
        assert (added["transport"], added["url"], added["headers"]) == ("STDIO", None, {})


def test_every_limit_can_be_changed_and_the_optional_ones_taken_back(unstarted: Product) -> None:
    unstarted.graphql(ADD_SERVER, input={**NAME, "enabled": False, **PROGRAM})
    before = shown(unstarted)
    unstarted.graphql(UPDATE_SERVER, input={**NAME, **LIMITS})
    assert shown(unstarted) == before | LIMITS
    optional = {name: None for name, value in DEFAULTS.items() if value is None}
    unstarted.graphql(UPDATE_SERVER, input={**NAME, **optional})
    assert shown(unstarted) == before | LIMITS | optional


def test_a_server_that_moves_elsewhere_keeps_nothing_of_its_program(unstarted: Product) -> None:
    unstarted.graphql(ADD_SERVER, input={**NAME, "enabled": False, **PROGRAM, **LIMITS})
    unstarted.graphql(UPDATE_SERVER, input={**NAME, **REMOTE})
    moved = shown(unstarted)
    assert moved | REMOTE | LIMITS | {"command": None, "args": [], "env": {}} == moved
    unstarted.graphql(UPDATE_SERVER, input={**NAME, "transport": "STDIO", **PROGRAM})
    back = shown(unstarted)
    assert back | PROGRAM | LIMITS | {"url": None, "headers": {}} == back


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"transport": "SSE"}, ["command"]),
        ({"url": "http://x"}, ["url"]),
        ({"command": None}, ["command"]),
        ({"command": None, **REMOTE, "url": None}, ["url"]),
        ({"command": None, **REMOTE, "headers": {"Host": "x"}}, ["headers"]),
        ({"command": None, **REMOTE, "headers": {"X": 1}}, ["headers", "X"]),
        ({"command": None, **REMOTE, "headers": ["X"]}, ["headers"]),
        *(({name: 0}, [name]) for name in LIMITS if name.endswith("Seconds")),
        ({"maxConcurrentCalls": 0}, ["maxConcurrentCalls"]),
        ({"maxSessions": -1}, ["maxSessions"]),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_its_name(
    product: Product, wrong: dict[str, object], path: list[str]
) -> None:
    before = product.graphql(SERVERS)
    refused = product.graphql(ADD_SERVER, input={**NAME, "command": "true", **wrong})
    assert (refused["__typename"], refused["path"]) == ("InvalidInputError", path)
    assert product.graphql(SERVERS) == before
