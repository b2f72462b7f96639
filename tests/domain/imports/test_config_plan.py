"""What becomes of a configuration file's entries."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.delivery import Delivery, SecretBinding
from app.domain.imports.config_file import ConfigFile
from app.domain.imports.config_plan import ConfigWish, plan_config
from app.domain.imports.plan import Plan
from app.domain.package import InstallRequest, PackageSource, Runtime
from app.domain.server import ServerSettings, Transport

TOKEN = "ghp_plantedplantedplanted"
ALICE = ConfigWish(username="alice")


def plan(entry: object, *, keep: bool = False, inputs: Any = None) -> Plan:
    wish = ConfigWish(username="alice", keeps_arguments=keep)
    return plan_config(ConfigFile(entries={"it": entry}, inputs=inputs or {}), wish)


def placed(entry: object, **options: Any) -> InstallRequest | ServerSettings:
    found = plan(entry, **options)
    assert found.unplaced == ()
    return found.wanted[0].target


def refused(entry: object, **options: Any) -> str:
    found = plan(entry, **options)
    assert found.wanted == ()
    return found.unplaced[0].why


def values(found: Plan) -> dict[str, str | None]:
    return {s.ref.name: s.value for entry in found.wanted for s in entry.secrets}


def bound(name: str, way: Delivery, template: str = "{value}", **more: Any) -> SecretBinding:
    given = {"name": name, "target": name, "is_required": True, **more}
    return SecretBinding(delivery=way, template=template, **given)


def test_npx_becomes_an_installed_package_with_its_credentials_in_the_vault() -> None:
    found = plan({"command": "npx", "args": ["-y", "@x/gh@1.2.3", "--ro"],
                  "env": {"GITHUB_TOKEN": TOKEN, "LOG": "info", "N": 3, "ON": True, "NO": None}})  # fmt: skip
    target = found.wanted[0].target
    assert isinstance(target, InstallRequest)
    assert (target.source.name, target.source.version, target.source.args) == (
        "@x/gh",
        "1.2.3",
        ("--ro",),
    )
    assert target.env == {"LOG": "info", "N": "3", "ON": "true"}
    assert target.secrets == (bound("GITHUB_TOKEN", Delivery.ENVIRONMENT),)
    assert values(found) == {"GITHUB_TOKEN": TOKEN}
    assert TOKEN not in repr(found)


def test_another_command_becomes_a_server_and_may_be_switched_off() -> None:
    target = placed({"command": "node", "args": ["x.js"], "cwd": "/srv", "disabled": True})
    assert isinstance(target, ServerSettings)
    assert (target.command, target.args, target.cwd) == ("node", ("x.js",), "/srv")
    assert not target.is_enabled


def test_npx_that_names_no_exact_package_stays_a_command() -> None:
    found = plan({"command": "npx", "args": ["-y", "github:a/b"]})
    assert isinstance(found.wanted[0].target, ServerSettings)
    assert found.wanted[0].notes == ("npx itself is run, because it does not name one package",)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("uvx mcp-server-git", PackageSource(name="mcp-server-git", runtime=Runtime.PYTHON)),
        (
            "uv tool run --from x==1 --with mcp<2 y --z",
            PackageSource(
                name="x",
                runtime=Runtime.PYTHON,
                version="1",
                requirements=("mcp<2",),
                command="y",
                args=("--z",),
            ),
        ),
    ],
)
def test_a_python_package_is_installed(line: str, expected: PackageSource) -> None:
    command, *args = line.split()
    target = placed({"command": command, "args": args})
    assert isinstance(target, InstallRequest)
    assert target.source == expected


def test_uvx_that_names_no_package_stays_a_command() -> None:
    found = plan({"command": "uvx", "args": ["--from", "git+https://x/y", "z"]})
    assert isinstance(found.wanted[0].target, ServerSettings)
    assert found.wanted[0].notes == ("uvx itself is run, because it does not name one package",)


@pytest.mark.parametrize(
    ("type_", "expected"),
    [(None, Transport.STREAMABLE_HTTP), ("http", Transport.STREAMABLE_HTTP),
     ("streamable-http", Transport.STREAMABLE_HTTP), ("sse", Transport.SSE)],
)  # fmt: skip
def test_an_address_becomes_an_http_server_with_credentials_in_headers_and_query(
    type_: str | None, expected: Transport
) -> None:
    entry = {"url": "https://h/mcp?api_key=planted1&v=2", "headers": {
        "Authorization": f"Bearer {TOKEN}", "X-Api-Key": "planted2", "X-Team": "a",
        "Content-Type": "application/json"}}  # fmt: skip
    found = plan(entry if type_ is None else {"type": type_, **entry})
    target = found.wanted[0].target
    assert isinstance(target, ServerSettings)
    assert (target.transport, target.url) == (expected, "https://h/mcp?v=2")
    assert target.headers == {"X-Team": "a"}
    assert target.secrets == (
        bound("Authorization", Delivery.HEADER, "Bearer {value}"),
        bound("X-Api-Key", Delivery.HEADER),
        bound("api_key", Delivery.QUERY),
    )
    assert values(found) == {
        "Authorization": TOKEN, "X-Api-Key": "planted2", "api_key": "planted1",
    }  # fmt: skip
    assert "Content-Type is left out" in found.wanted[0].notes[0]


def test_credentials_in_an_address_become_the_header_that_clients_make_of_them() -> None:
    found = plan({"url": "https://me:p%40ss@h:8443/mcp"})
    target = found.wanted[0].target
    assert isinstance(target, ServerSettings)
    assert target.url == "https://h:8443/mcp"
    assert target.secrets == (bound("Authorization", Delivery.HEADER, "Basic {value}"),)
    assert values(found) == {"Authorization": "bWU6cEBzcw=="}


def test_credentials_both_in_the_address_and_in_authorization_are_listed_with_the_way_out() -> None:
    entry = {"url": "https://u:planted@h/mcp", "headers": {"Authorization": f"Bearer {TOKEN}"}}
    assert refused(entry) == (
        "It has credentials both in its url and in its header Authorization. "
        "Take those out of one of them."
    )


@pytest.mark.parametrize(
    "args",
    [["--api-key", "planted"], ["--api-key=planted"], ["-e", "API_TOKEN=planted"], [TOKEN],
     ["--header", f"Authorization: Bearer {TOKEN}"], ["postgres://me:planted@db/x"],
     ["--header", "X-Key: planted"], ["https://h/mcp?token=planted"],
     ["--url=https://h/?k=1&key=planted"]],
)  # fmt: skip
def test_a_credential_in_args_is_listed_unless_args_are_kept(args: list[str]) -> None:
    entry = {"command": "npx", "args": ["-y", "b", *args]}
    why = refused(entry)
    assert "--keep-args" in why
    assert "planted" not in why
    kept = placed(entry, keep=True)
    assert isinstance(kept, InstallRequest)
    assert kept.source.args == tuple(args)
    assert "planted" not in "".join(plan(entry, keep=True).wanted[0].notes)


@pytest.mark.parametrize(
    "args",
    [["/home/me"], ["--port", "8080"], ["-e", "API_KEY", "image"], ["--token-file", "/run/t"],
     ["https://h/mcp", "--header", "Authorization: ${AUTH}"], ["--header", "X: Bearer ${AUTH}"]],
)  # fmt: skip
def test_ordinary_args_are_kept(args: list[str]) -> None:
    entry = {"command": "docker", "args": args, "env": {"AUTH": f"Bearer {TOKEN}"}}
    target = placed(entry)
    assert isinstance(target, ServerSettings)
    assert target.args == tuple(args)


def test_a_credential_in_the_command_is_listed_too() -> None:
    entry = {"command": "env API_KEY=planted server"}
    assert refused(entry).startswith("What looks like a credential in command cannot")
    assert isinstance(placed(entry, keep=True), ServerSettings)


def test_a_credential_in_the_path_of_an_address_is_listed_unless_kept() -> None:
    entry = {"url": "https://h/s/9f86d081884c7d659a2feaa0c55ad015/mcp"}
    assert "path of its url" in refused(entry)
    assert isinstance(placed(entry, keep=True), ServerSettings)


def test_what_the_editor_asks_for_is_declared_and_left_to_be_set() -> None:
    found = plan(
        {
            "command": "x",
            "env": {"A": "Bearer ${input:key}", "B": "${env:B_TOKEN}", "C_KEY": "<key>"},
        },
        inputs={"key": "The key of the API"},
    )
    target = found.wanted[0].target
    assert isinstance(target, ServerSettings)
    assert target.env == {}
    assert target.secrets == (
        bound("A", Delivery.ENVIRONMENT, "Bearer {value}"),
        bound("B", Delivery.ENVIRONMENT),
        bound("C_KEY", Delivery.ENVIRONMENT),
    )
    assert values(found) == {"A": None, "B": None, "C_KEY": None}
    hints = [secret.hint for secret in found.wanted[0].secrets]
    assert hints == [
        "the file has no value for it: The key of the API",
        "the file has no value for it: B_TOKEN",
        "the file has no value for it: it is not filled in",
    ]


def test_a_credential_left_empty_is_not_required() -> None:
    target = placed({"command": "x", "env": {"API_KEY": ""}})
    assert target.secrets == (bound("API_KEY", Delivery.ENVIRONMENT, is_required=False),)


@pytest.mark.parametrize(
    ("entry", "word"),
    [(7, "object"), ({}, "command"), ({"command": 1}, "command"), ({"command": "x", "args": "y"},
     "array"), ({"command": "x", "args": [{}]}, "args[0]"), ({"command": "x", "env": []}, "env"),
     ({"command": "x", "env": {"A": {}}}, "env.A"), ({"url": "ftp://h"}, "http"),
     ({"url": "https://h:0/"}, "no address"), ({"type": "tcp", "command": "x"}, "type"),
     ({"type": "http", "command": "x"}, "does not go"), ({"command": "x", "envFile": "e"},
     "envFile"), ({"command": "x", "env": {"LD_PRELOAD": "x"}}, "LD_PRELOAD"),
     ({"command": "x", "args": ["${workspaceFolder}/a"]}, "only the editor knows"),
     ({"command": "x", "env": {"A": "${input:a}${input:b}"}}, "several"),
     ({"command": "x", "args": ["${input:a}"]}, "set by each user"),
     ({"url": "https://${input:a}/x"}, "url"),
     ({"url": "https://a:b@h/", "headers": {"authorization": "Bearer x"}}, "both"),
     ({"command": "x", "env": {"API_KEY": "a\0b"}}, "NUL"),
     ({"command": "npx", "args": ["node_modules"]}, "The package's name must be")],
)  # fmt: skip
def test_an_entry_that_makes_no_sense_is_listed_with_the_reason(entry: object, word: str) -> None:
    assert word in refused(entry)


def test_a_renamed_server_says_so_and_its_secrets_go_along() -> None:
    entries = {"My Server!": {"command": "x", "env": {"API_KEY": "planted"}}}
    (entry,) = plan_config(ConfigFile(entries=entries, inputs={}), ALICE).wanted
    assert entry.server_name == "My-Server"
    assert entry.secrets[0].ref.server_name == "My-Server"
    assert entry.notes == ("its name 'My Server!' does not fit and becomes 'My-Server'",)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
)
FIELDS = st.sampled_from(["command", "args", "env", "url", "headers", "type", "cwd"])


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=8), st.dictionaries(FIELDS, JSON), max_size=3))
def test_every_entry_is_either_wanted_or_listed(entries: dict[str, object]) -> None:
    found = plan_config(ConfigFile(entries=entries, inputs={}), ALICE)
    assert len(found.wanted) + len(found.unplaced) == len(entries)
