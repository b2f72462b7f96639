"""What becomes of an original deployment's rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.delivery import bindings_for
from app.domain.imports.node_plan import plan_node
from app.domain.imports.node_read import NodeDocuments, Opened, read_documents
from app.domain.imports.node_rows import NodeRows, NodeSecret, NodeServer
from app.domain.imports.node_secrets import find_places
from app.domain.imports.plan import Plan
from app.domain.package import InstallRequest, PackageSource, Runtime
from app.domain.server import ServerSettings, Transport

GH = {"_id": "1", "name": "gh", "command": "node", "args": ["/old/gh/index.js", "--ro"],
      "env": {"CACHE": "/old/gh/cache"}, "secretNames": ["token"], "startupTimeout": 5000,
      "transportType": "stdio", "enabled": False, "displayName": "GitHub"}  # fmt: skip
GH_PACKAGE = {"name": "@x/gh", "version": "1.2.3", "mcpServerId": "gh", "installPath": "/old/gh"}


def plan(
    servers: Sequence[Mapping[str, Any]] = (),
    packages: Sequence[Mapping[str, Any]] = (),
    secrets: Sequence[Mapping[str, Any]] = (),
) -> Plan:
    documents = NodeDocuments(servers=servers, packages=packages, secrets=secrets)
    rows, unplaced = read_documents(documents, Opened)
    found = plan_node(rows)
    return Plan(wanted=found.wanted, unplaced=(*unplaced, *found.unplaced))


def whys(found: Plan) -> dict[str, str]:
    return {row.what: row.why for row in found.unplaced}


def placed(found: Plan) -> dict[tuple[str, str, str], str | None]:
    refs = [s for entry in found.wanted for s in entry.secrets]
    return {(s.ref.username, s.ref.server_name, s.ref.name): s.value for s in refs}


def test_a_package_with_its_server_is_installed_at_the_recorded_version() -> None:
    (entry,) = plan([GH], [GH_PACKAGE]).wanted
    assert entry.target == InstallRequest(
        source=PackageSource(name="@x/gh", version="1.2.3", args=("--ro",)),
        server_name="gh",
        env={"CACHE": "{packageDir}/cache"},
        secrets=bindings_for(["token"]),
        is_enabled=False,
        display_name="GitHub",
        startup_timeout_seconds=5.0,
    )
    assert entry.notes == ()


def test_a_package_may_name_its_servers_document_instead() -> None:
    (entry,) = plan([GH], [{**GH_PACKAGE, "mcpServerId": "1"}]).wanted
    assert entry.server_name == "gh"


def test_latest_stays_latest_and_that_is_said() -> None:
    (entry,) = plan([GH], [{**GH_PACKAGE, "version": "latest"}]).wanted
    assert isinstance(entry.target, InstallRequest)
    assert entry.target.source.version == "latest"
    assert "recorded as latest" in entry.notes[0]


@pytest.mark.parametrize(
    ("command", "args", "own"),
    [("npx", ["-y", "@x/gh", "--ro"], ["--ro"]), ("node", ["dist/main.js", "a"], ["a"]),
     ("node", ["/p/node_modules/@x/gh/index.js"], []), ("gh", ["a", "b"], ["a", "b"]),
     ("", [], [])],
)  # fmt: skip
def test_the_arguments_after_the_program_are_kept(
    command: str, args: list[str], own: list[str]
) -> None:
    (entry,) = plan([{**GH, "command": command, "args": args}], [GH_PACKAGE]).wanted
    assert isinstance(entry.target, InstallRequest)
    assert entry.target.source.args == tuple(own)


def test_other_servers_stay_commands_or_addresses() -> None:
    found = plan(
        [
            {"name": "a", "command": "python3", "args": ["x.py"], "secretName": "key"},
            {"name": "b", "url": "https://h/mcp", "headers": {"X": "y"}, "secretNames": None},
            {"name": "c", "url": "https://h/sse", "transportType": "sse"},
        ]
    )
    a, b, c = (entry.target for entry in found.wanted)
    assert isinstance(a, ServerSettings)
    assert isinstance(b, ServerSettings)
    assert isinstance(c, ServerSettings)
    assert (a.command, a.args, a.secrets) == ("python3", ("x.py",), bindings_for(["key"]))
    assert (b.transport, b.url, b.headers) == (
        Transport.STREAMABLE_HTTP,
        "https://h/mcp",
        {"X": "y"},
    )
    assert c.transport is Transport.SSE


def test_a_credential_in_a_servers_environment_is_pointed_out() -> None:
    (entry,) = plan([{**GH, "env": {"API_KEY": "planted"}}]).wanted
    assert entry.notes[0].startswith("API_KEY: looks like a credential")
    assert "planted" not in entry.notes[0]


@pytest.mark.parametrize(
    ("command", "args", "more", "module", "own"),
    [
        ("/srv/t/venv/bin/python", ["-m", "mcp_time", "--utc"], {}, "mcp_time", ("--utc",)),
        ("python3", ["/srv/t/venv/bin/t", "--utc"], {}, None, ("--utc",)),
        ("/srv/t/venv/bin/t", ["--utc"], {}, None, ("--utc",)),
        ("python", [], {"pythonModule": "m", "pipDependencies": ["mcp<2"]}, "m", ()),
    ],
)
def test_a_python_package_is_installed_with_what_follows_its_program(
    command: str, args: list[str], more: dict[str, object], module: str | None, own: tuple[str, ...]
) -> None:
    package = {"name": "t", "mcpServerId": "t", "runtime": "python", "version": "1.0",
               "installPath": "/srv/t", **more}  # fmt: skip
    (entry,) = plan([{"name": "t", "command": command, "args": args}], [package]).wanted
    assert isinstance(entry.target, InstallRequest)
    assert entry.target.source == PackageSource(
        name="t",
        runtime=Runtime.PYTHON,
        version="1.0",
        requirements=("mcp<2",) if "pipDependencies" in more else (),
        python_module=module,
        args=own,
    )


@pytest.mark.parametrize(
    ("servers", "packages", "what", "why"),
    [
        ([{"name": "a b", "command": "x"}], [], "server 'a b'", "A server's name must be"),
        ([{"name": "a", "command": 7}], [], "server 'a'", "command is not a text"),
        ([{"name": "a", "command": "x", "args": "y"}], [], "server 'a'", "args are not"),
        ([{"name": "a", "command": "x", "env": ["y"]}], [], "server 'a'", "env is not"),
        ([{"name": "a", "command": "x", "startupTimeout": "1"}], [], "server 'a'", "not a number"),
        ([{"name": "a", "command": "x", "transportType": "tcp"}], [], "server 'a'", "not known"),
        ([{"_id": "7", "command": "x"}], [], "server 7", "no name"),
        ([], [{"name": "p"}], "package 'p'", "no mcpServerId"),
        ([], [{**GH_PACKAGE, "version": "a/b"}], "package '@x/gh' of server 'gh'", "version must"),
        ([], [{**GH_PACKAGE, "runtime": "python"}], "package '@x/gh' of server 'gh'", "PyPI"),
        ([], [{**GH_PACKAGE, "runtime": "ruby"}], "package '@x/gh' of server 'gh'", "not known"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_placed_is_listed(
    servers: Sequence[Mapping[str, Any]],
    packages: Sequence[Mapping[str, Any]],
    what: str,
    why: str,
) -> None:
    found = plan(servers, packages)
    assert found.wanted == ()
    assert why in whys(found)[what]


def test_the_second_of_two_rows_for_one_name_is_listed() -> None:
    found = plan([GH, GH], [GH_PACKAGE, {**GH_PACKAGE, "name": "other"}])
    assert [entry.server_name for entry in found.wanted] == ["gh"]
    assert whys(found) == {
        "server 'gh'": "There are two of that name.",
        "package 'other' of server 'gh'": "The server 'gh' has another package already.",
    }


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("token", [("gh", "token"), ("gl", "token")]),
        ("gh.token", [("gh", "token")]),
        ("gh.other", [("gh", "other")]),
        ("gh.eu.token", [("gh.eu", "token")]),
        ("gh.eu.", [("gh", "eu.")]),
        ("ghx.token", "No server declares"),
        ("gh", "No server declares"),
        ("gh.", "No server declares"),
        ("nobody", "No server declares"),
        ("a.b.c", "It can mean 'c' of 'a.b', 'b.c' of 'a'"),
        ("bare.name", "It can mean 'bare.name' of 'x', 'name' of 'bare'"),
        ("a.b.only", "It can mean 'only' of 'a.b', 'b.only' of 'a'"),
    ],
)
def test_a_key_finds_its_servers_or_is_ambiguous(
    key: str, expected: list[tuple[str, str]] | str
) -> None:
    declared = {
        "gh": ["token"], "gl": ["token"], "gh.eu": [], "a": ["b.c", "b.only"], "a.b": ["c"],
        "x": ["bare.name"], "bare": [],
    }  # fmt: skip
    found = find_places(key, declared)
    if isinstance(expected, str):
        assert isinstance(found, str)
        assert found.startswith(expected)
    else:
        assert found == expected


def test_secrets_go_where_they_belong_and_the_rest_is_listed() -> None:
    found = plan(
        [GH, {"name": "a b", "command": "x", "secretNames": ["lost"]}],
        [],
        [
            {"username": "al", "key": "token", "value": "1"},
            {"username": "al", "key": "gh.token", "value": "1"},
            {"key": "gh.token", "value": "2"},
            {"username": "bo", "key": "token", "value": "3"},
            {"username": "bo", "key": "gh.token", "value": "4"},
            {"username": "cy", "key": "lost", "value": "5"},
            {"username": "cy", "key": "none", "value": "6"},
            {"username": "cy", "key": "gh.9", "value": "7"},
            {"username": "cy", "key": "gh.x", "value": 8},
            {"username": {"$ne": ""}, "key": "gh.x", "value": "9"},
            {"username": " ", "key": "gh.x", "value": "9"},
        ],
    )
    assert placed(found) == {("al", "gh", "token"): "1", ("default", "gh", "token"): "2"}
    told = whys(found)
    assert told.pop("server 'a b'")
    assert list(told) == [
        "secret 'gh.x'", "secret 'none' of 'cy'", "secret 'gh.9' of 'cy'", "secret 'gh.x' of 'cy'",
        "secret 'gh.x' of ' '", "secret 'token' of 'bo'", "secret 'gh.token' of 'bo'",
        "secret 'lost' of 'cy'",
    ]  # fmt: skip
    assert told["secret 'lost' of 'cy'"] == "Its server 'a b' cannot be placed."
    assert told["secret 'gh.x' of 'cy'"] == "Its value is not a text."
    assert "different values" in told["secret 'token' of 'bo'"]


def test_a_value_that_did_not_open_is_listed() -> None:
    secret = NodeSecret(username="al", key="gh.token", value=None, problem="does not open")
    rows = NodeRows(servers=[NodeServer(name="gh", command="x")], secrets=[secret])
    assert whys(plan_node(rows)) == {"secret 'gh.token' of 'al'": "Its value does not open."}


KEYS = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=4).map(".".join)


@given(st.lists(KEYS, unique=True), st.dictionaries(KEYS, st.lists(KEYS, max_size=2), max_size=4))
def test_every_place_of_a_secret_is_filled_or_listed_and_never_another(
    keys: list[str], declared: dict[str, list[str]]
) -> None:
    servers = [{"name": n, "command": "x", "secretNames": s} for n, s in declared.items()]
    secrets = [{"username": "al", "key": key, "value": key} for key in keys]
    found = plan(servers, [], secrets)
    filled = placed(found)
    told = {(row.what, row.why) for row in found.unplaced}
    for key in keys:
        what, places = f"secret {key!r} of 'al'", find_places(key, declared)
        if isinstance(places, str):
            assert (what, places) in told
            continue
        for server, name in places:
            conflict = f"Several rows give {name!r} of {server!r} different values."
            assert (filled.get(("al", server, name)) == key) != ((what, conflict) in told)
    for (_, server, name), value in filled.items():
        assert (server, name) in find_places(str(value), declared)
