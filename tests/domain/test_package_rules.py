"""Which sources may be installed, which version is newer, and when mcp 2 is to blame."""

import itertools
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.version import Version

from app.domain.errors import AppError, ErrorCode
from app.domain.npm import VERSION_RANGE, npm_precedence
from app.domain.package import PackageSource, Runtime
from app.domain.package_rules import check_source, is_newer, nearest_versions, needs_older_mcp

NPM = PackageSource(name="@scope/server", version="^1.2")
PYTHON = PackageSource(name="mcp-server-time", runtime=Runtime.PYTHON)
# What would be an option, a path, an address, an alias, a shell's or another line.
HOSTILE = (
    "--index-url=http://x", "-r/etc/passwd", "-e.", "../x", "./x", "/etc/passwd", "~/x", "C:\\x",
    "http://x/y.tgz", "git+https://x/y", "git@x:y", "github:a/b", "file:x", "npm:other@1",
    "a @ http://x/y.whl", "a@http://x", "a;import os", "$(id)", "`id`", "a|b", "a&b", "a\nb",
    "a\0b", "a\n--index-url http://x", " a", "a ", "", "é", "a#egg=b", "a\\b", "%2e%2e/x",
    "a --hash=sha256:0", "a\r\nb", "a\u2028b", "${HOME}", "=", "@", "@/", "@a/", ".", "..",
)  # fmt: skip


def refusal(source: PackageSource) -> AppError:
    with pytest.raises(AppError) as caught:
        check_source(source)
    assert caught.value.code is ErrorCode.INVALID_INPUT
    return caught.value


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(("field", "path"), [("name", "packageName"), ("version", "version")])
@pytest.mark.parametrize("source", [NPM, PYTHON], ids=["npm", "pypi"])
def test_what_would_be_taken_for_something_else_is_refused(
    source: PackageSource, field: str, path: str, text: str
) -> None:
    assert refusal(replace(source, **{field: text})).path == (path,)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_requirement_is_an_option_or_leads_elsewhere(text: str) -> None:
    source = replace(PYTHON, requirements=("mcp<2", text))
    assert refusal(source).path == ("requirements", "1")


@pytest.mark.parametrize(
    "version",
    ["latest", "2025.4.25", "1.0", "1.0rc1", "1!2.0", "==1.*", ">=1,<2", "~=1.4", "!=1.5,>1", "<2"],
)
def test_a_python_version_is_exact_a_specifier_or_latest(version: str) -> None:
    check_source(replace(PYTHON, version=version))


@pytest.mark.parametrize("version", ["next", "^1.2", "1.x", "===1", "*", ">=1 || <0", "1 - 2"])
def test_what_only_npm_or_nobody_knows_is_no_python_version(version: str) -> None:
    assert refusal(replace(PYTHON, version=version)).path == ("version",)


@pytest.mark.parametrize(
    "text",
    ["mcp<2", "mcp", "httpx[http2]>=0.27", "mcp >= 1, < 2", "tzdata; sys_platform == 'win32'"],
)
def test_requirements_are_names_with_specifiers(text: str) -> None:
    check_source(replace(PYTHON, requirements=(text,)))


@pytest.mark.parametrize(
    ("source", "path"),
    [
        (replace(NPM, requirements=("mcp<2",)), "requirements"),
        (replace(NPM, index_url="https://x/simple"), "indexUrl"),
        (replace(NPM, extra_index_urls=("https://x/simple",)), "extraIndexUrls"),
        (replace(NPM, python_module="m"), "pythonModule"),
        (replace(PYTHON, registry="https://x"), "registry"),
        (replace(PYTHON, python_module="m", command="c"), "pythonModule"),
        (replace(PYTHON, python_module="-c"), "pythonModule"),
        (replace(PYTHON, python_module="a.b;c"), "pythonModule"),
        (replace(PYTHON, index_url="file:///simple"), "indexUrl"),
        (replace(PYTHON, index_url="https://me:pass@x/simple"), "indexUrl"),
        (replace(PYTHON, index_url="https://x/simple?token=t"), "indexUrl"),
        (replace(PYTHON, index_url="https://x/a https://y"), "indexUrl"),
        (replace(PYTHON, extra_index_urls=("https://x",) * 9), "extraIndexUrls"),
        (replace(NPM, registry="//x"), "registry"),
        (replace(NPM, command=" "), "command"),
        (replace(NPM, args=("a\0",)), "args"),
    ],
)
def test_settings_that_do_not_go_together_or_hold_credentials_are_refused(
    source: PackageSource, path: str
) -> None:
    assert refusal(source).path[0] == path


def test_an_address_with_a_password_is_not_repeated() -> None:
    error = refusal(replace(PYTHON, index_url="https://me:planted@x/simple"))
    assert "planted" not in error.sentence()


@given(st.text(max_size=40))
def test_every_accepted_npm_name_and_version_is_one_word_that_begins_no_option(text: str) -> None:
    for field in ("name", "version"):
        try:
            check_source(replace(NPM, **{field: text}))  # type: ignore[arg-type]
        except AppError:
            continue
        assert text.isascii()
        assert text.isprintable()
        assert not text.startswith(("-", ".", "/"))
        assert not set(text) & set(":#\\$`;&'\"")


@given(st.text(max_size=40))
def test_every_accepted_requirement_is_one_line_without_an_address(text: str) -> None:
    try:
        check_source(replace(PYTHON, requirements=(text,)))
    except AppError:
        return
    assert text.isprintable()
    assert Requirement(text).url is None
    assert text[0].isalnum()


NUMBERS = st.integers(min_value=0, max_value=30).map(str)
IDENTIFIERS = NUMBERS | st.from_regex(r"[a-z][a-z0-9-]{0,3}", fullmatch=True)
SEMVER = st.builds(
    lambda numbers, tail: ".".join(numbers) + ("-" + ".".join(tail) if tail else ""),
    st.tuples(NUMBERS, NUMBERS, NUMBERS),
    st.lists(IDENTIFIERS, max_size=3),
)


@given(st.lists(SEMVER, min_size=2, max_size=30))
def test_semver_order_is_total_and_a_release_follows_its_prereleases(versions: list[str]) -> None:
    for one, other in itertools.pairwise(versions):
        assert npm_precedence(one) is not None
        newer, older = is_newer(Runtime.NODE, one, other), is_newer(Runtime.NODE, other, one)
        assert not (newer and older)
        assert (newer or older) == (npm_precedence(one) != npm_precedence(other))
        release = one.partition("-")[0]
        assert is_newer(Runtime.NODE, release, one) == (release != one)


def test_semver_orders_its_own_example() -> None:
    order = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
             "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "2.0.0", "2.1.0", "2.1.1", "10.0.0"]  # fmt: skip
    for older, newer in itertools.pairwise(order):
        assert is_newer(Runtime.NODE, newer, older)
        assert not is_newer(Runtime.NODE, older, newer)
    assert not is_newer(Runtime.NODE, "1.0.0+b", "1.0.0+a")


def npms_own(question: str, values: list[str]) -> list[Any]:
    """What the semver library inside this machine's npm says."""
    npm = shutil.which("npm")
    assert npm is not None
    library = Path(npm).resolve().parent.parent / "node_modules" / "semver"
    script = f"const s=require({json.dumps(str(library))}),v={json.dumps(values)};"
    script += f"console.log(JSON.stringify({question}))"
    run = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True)
    answer: list[Any] = json.loads(run.stdout)
    return answer


def test_versions_compare_and_ranges_read_as_npm_itself_has_it() -> None:
    tails = ["", "-0", "-1", "-a", "-a.1", "-a.b", "-10", "-9.x", "--", "-a-b", "+build"]
    versions = [f"{n}{tail}" for n in ("0.0.1", "0.1.0", "1.0.0", "1.10.0") for tail in tails]
    theirs = npms_own("v.map(a=>v.map(b=>s.gt(a,b)))", versions)
    assert [[is_newer(Runtime.NODE, a, b) for b in versions] for a in versions] == theirs
    ranges = ["1", "1.2", "^1.2.3", "~1.2", "~> 1", ">=1 <2", "*", "1.x", "1.2.X", "1 || 2", "1||2",
              "1 - 2", "1.2.3 - 2.x", ">= 1.2.3-b.1", "=1", "v1.2", "<2 || >=3 <4"]  # fmt: skip
    assert all(VERSION_RANGE.fullmatch(text) for text in ranges)
    assert None not in npms_own("v.map(r=>s.validRange(r))", ranges)


@pytest.mark.parametrize(
    ("newer", "older"),
    [("2025.10.1", "2025.9.25"), ("1.0", "1.0rc1"), ("1.0.post1", "1.0"), ("1!0.1", "9"),
     ("1.0rc1", "1.0b2"), ("1.0.dev2", "1.0.dev1"), ("1.0", "1.0.dev1")],
)  # fmt: skip
def test_python_versions_are_ordered_as_pep_440_says(newer: str, older: str) -> None:
    assert is_newer(Runtime.PYTHON, newer, older)
    assert not is_newer(Runtime.PYTHON, older, newer)
    assert not is_newer(Runtime.PYTHON, newer, newer)


@pytest.mark.parametrize("runtime", list(Runtime))
def test_what_is_no_version_is_never_newer(runtime: Runtime) -> None:
    assert not is_newer(runtime, "latest", "1.0.0")
    assert not is_newer(runtime, "1.0.0", "latest")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("1.2.5", ["1.1.0", "1.2.0", "1.3.0", "2.0.0"]),
        ("0.0.1", ["1.0.0", "1.1.0", "1.2.0", "1.3.0"]),
        ("99.0.0", ["1.2.0", "1.3.0", "2.0.0", "10.0.0"]),
        ("^7", ["1.2.0", "1.3.0", "2.0.0", "10.0.0"]),
    ],
)
def test_the_nearest_versions_stand_around_the_wanted_one(wanted: str, expected: list[str]) -> None:
    known = ["10.0.0", "1.0.0", "1.1.0", "odd", "1.2.0", "1.3.0", "2.0.0"]
    assert nearest_versions(Runtime.NODE, wanted, known) == expected


def test_of_few_versions_all_are_near() -> None:
    assert nearest_versions(Runtime.PYTHON, "5", ["2", "1"]) == ["1", "2"]
    assert nearest_versions(Runtime.PYTHON, "5", []) == []


@given(st.lists(st.integers(0, 50).map(lambda n: f"1.{n}"), unique=True), st.integers(0, 50))
def test_nearest_versions_are_neighbours(known: list[str], wanted: int) -> None:
    near = nearest_versions(Runtime.PYTHON, f"1.{wanted}", known)
    ordered = sorted(known, key=Version)
    assert near == [] or ordered[ordered.index(near[0]) :][: len(near)] == near
    assert len(near) == min(4, len(known))


@pytest.mark.parametrize(
    "last",
    [
        "AttributeError: 'Server' object has no attribute 'list_resources'",
        "    |     AttributeError: 'Server' object has no attribute 'list_tools'",
        "ImportError: cannot import name 'McpError' from 'mcp.shared.exceptions' (/v/mcp/shared.py)",
        "ImportError: cannot import name 'stdio_server' from 'mcp' (/v/mcp/__init__.py)",
        "ModuleNotFoundError: No module named 'mcp.server.fastmcp'. This is mcp 2.x, where FastMCP",
        "TypeError: Server.run() missing 1 required positional argument: 'options'",
    ],
)
def test_a_server_of_mcp_1_is_recognised(last: str) -> None:
    assert needs_older_mcp(["Traceback (most recent call last):", '  File "x", line 1', last])


@pytest.mark.parametrize(
    "last",
    [
        "ModuleNotFoundError: No module named 'mcp'",
        "ModuleNotFoundError: No module named 'mcp_helpers.x'",
        "ImportError: cannot import name 'x' from 'pydantic' (/v/pydantic/__init__.py)",
        "AttributeError: 'Client' object has no attribute 'list_resources'",
        "KeyError: 'mcp.server'",
        "INFO: FastMCP server is starting",
        "usage: server [-h] --key KEY",
    ],
)
def test_another_failure_is_not_blamed_on_mcp_2(last: str) -> None:
    assert not needs_older_mcp(["Traceback (most recent call last):", '  File "x", line 1', last])
