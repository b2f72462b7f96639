"""Reading a configuration file: its JSON, its launchers and its names."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.errors import AppError
from app.domain.imports.config_file import parse_config
from app.domain.imports.jsonc import parse_jsonc
from app.domain.imports.launcher import NpmLaunch, PythonLaunch, parse_npx, parse_uv, program_of
from app.domain.imports.naming import fit_secret_name, fit_server_names
from app.domain.names import SECRET_NAME, SERVER_NAME

TOKEN = "ghp_plantedplantedplanted"


@pytest.mark.parametrize(
    ("text", "expected"),
    [('{"a": 1,}', {"a": 1}), ("[1, 2, ]", [1, 2]), ('{// x\n"a": "//no", /* y */ "b": 2}',
     {"a": "//no", "b": 2}), ('{"a": ",]", "b": "/*\\"*/,}"}', {"a": ",]", "b": '/*"*/,}'}),
     ("\ufeff{}", {}), ("[1, // last\n]", [1])],
)  # fmt: skip
def test_comments_and_trailing_commas_are_read_over(text: str, expected: object) -> None:
    assert parse_jsonc(text) == expected


@settings(deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))  # fmt: skip
def test_plain_json_is_read_as_it_is(value: object) -> None:
    assert parse_jsonc(json.dumps(value)) == value
    assert parse_jsonc(json.dumps(value, ensure_ascii=False, indent=1)) == value


@pytest.mark.parametrize("text", ["", "{", f'{{"a": {TOKEN}}}', "{'a': 1}", "[" * 100_000])
def test_what_is_no_json_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(AppError) as caught:
        parse_jsonc(text)
    assert TOKEN not in caught.value.sentence()


def test_a_name_that_stands_twice_is_refused_because_one_would_be_lost() -> None:
    with pytest.raises(AppError, match="names 'a' twice"):
        parse_jsonc('{"a": 1, "a": 2}')


@pytest.mark.parametrize(
    "text",
    ['{"mcpServers": {"it": {}}}', '{"servers": {"it": {}}}', '{"mcp": {"servers": {"it": {}}}}'],
)
def test_each_editors_file_is_understood(text: str) -> None:
    assert parse_config(text).entries == {"it": {}}


@pytest.mark.parametrize("text", ["{}", "[]", "1", '{"mcpServers": []}', '{"mcp": {}}'])
def test_a_file_without_servers_is_refused(text: str) -> None:
    with pytest.raises(AppError, match="no object 'mcpServers'"):
        parse_config(text)


@pytest.mark.parametrize(
    ("args", "expected"),
    [("-y @a/b", ("@a/b", "latest", ())), ("@a/b@1.2.3 /tmp", ("@a/b", "1.2.3", ("/tmp",))),
     ("--yes b@latest", ("b", "latest", ())), ("-y b@beta -- --x", ("b", "beta", ("--x",))),
     ("-- b -y", ("b", "latest", ("-y",))), ("", None), ("-y", None), ("b@^1", ("b", "^1", ())),
     ("-p b c", None), ("github:a/b", None), ("./b", None), ("https://x/y.tgz", None)],
)  # fmt: skip
def test_npx_names_a_package_or_something_else(
    args: str, expected: tuple[str, str, tuple[str, ...]] | None
) -> None:
    assert parse_npx(args.split()) == (None if expected is None else NpmLaunch(*expected))


@pytest.mark.parametrize(
    ("args", "expected"),
    [("a-b --x", PythonLaunch(name="a-b", args=("--x",))),
     ("a==1.2", PythonLaunch(name="a", version="1.2")),
     ("a@latest", PythonLaunch(name="a")), ("a@1.2 -q", PythonLaunch(name="a", version="1.2", args=("-q",))),
     ("a>=1,<2", PythonLaunch(name="a", version=">=1,<2")), ("a==1.*", PythonLaunch(name="a", version="==1.*")),
     ("--from a==2 b x", PythonLaunch(name="a", version="2", command="b", args=("x",))),
     ("--from a a", PythonLaunch(name="a")),
     ("--python 3.12 -q a[x]", PythonLaunch(name="a", requirements=("a[x]",))),
     ("--with mcp<2,b --with c a", PythonLaunch(name="a", requirements=("mcp<2", "b", "c"))),
     ("--index-url https://x/s --index=https://y/s a",
      PythonLaunch(name="a", index_url="https://x/s", extra_index_urls=("https://y/s",))),
     ("--from=git+https://x a", None), ("git+https://x", None), ("./a", None),
     ("--with-editable . a", None), ("--from a", None), ("", None)],
)  # fmt: skip
def test_uvx_names_a_package(args: str, expected: PythonLaunch | None) -> None:
    assert parse_uv(args.split()) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [(("npx", "a"), ("npx", ("a",))), (("/usr/bin/npx", "a"), ("npx", ("a",))),
     (("cmd", "/c", "npx", "a"), ("npx", ("a",))), (("C:\\n\\npx.cmd", "a"), ("npx", ("a",))),
     (("uv", "tool", "run", "a"), ("uvx", ("a",))), (("uv", "run", "a"), ("uv", ("run", "a")))],
)  # fmt: skip
def test_a_program_is_found_behind_its_path(
    line: tuple[str, ...], expected: tuple[str, tuple[str, ...]]
) -> None:
    assert program_of(line[0], line[1:]) == expected


def test_names_are_made_to_fit_and_stay_apart() -> None:
    names = ["My Server!", "my/server", "ok", "-x-", "…", "My-Server", "é" * 200, "a" * 300]
    fitted = fit_server_names(names)
    assert fitted["My Server!"] == "My-Server-2"
    assert fitted["My-Server"] == "My-Server"
    assert fitted["my/server"] == "my-server"
    assert fitted["-x-"] == "x"
    assert fitted["…"] == "server"


@given(st.lists(st.text(), unique=True))
def test_every_name_fits_once_and_always_the_same(names: list[str]) -> None:
    fitted = fit_server_names(names)
    assert all(SERVER_NAME.fullmatch(name) for name in fitted.values())
    assert len(set(fitted.values())) == len(names)
    assert fit_server_names(names) == fitted
    taken: set[str] = set()
    secrets = [fit_secret_name(name, taken) for name in names]
    assert all(SECRET_NAME.fullmatch(name) for name in secrets)
    assert len(taken) == len(names)
