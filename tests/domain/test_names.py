"""The grammars of names: what is accepted, what is refused, and which input is named."""

from collections.abc import Callable

import pytest

from app.domain.errors import AppError, ErrorCode
from app.domain.names import (
    check_arguments_list,
    check_environment,
    check_secret_name,
    check_secret_value,
    check_server_name,
    check_text,
    check_tool_name,
    check_username,
)
from app.domain.npm import check_npm_name, check_npm_version


def refusal(check: Callable[[], None]) -> AppError:
    with pytest.raises(AppError) as caught:
        check()
    assert caught.value.code is ErrorCode.INVALID_INPUT
    return caught.value


@pytest.mark.parametrize(
    "name",
    [
        "mcp-hello-world", "@modelcontextprotocol/server-everything", "a", "7zip", "~tilde",
        "@a/b", "lodash.merge", "with_underscore", "@scope-1.x/name_2~", "a" * 214,
    ],
)  # fmt: skip
def test_a_package_name_of_the_registry_is_accepted(name: str) -> None:
    check_npm_name(name)


@pytest.mark.parametrize(
    "name",
    [
        # paths
        "", ".", "..", "./x", "../x", "/etc/passwd", "~/x", "x/y", "a/b/c", "C:\\x", "file:x",
        "file:../x", ".hidden", "_private", "@/x", "@x/", "@x", "@.x/y", "@x/.y", "@x/../y",
        "x/", "package.tgz/", "@scope/a/b",
        # URLs, git references and aliases
        "http://example.org/x.tgz", "https://example.org/x", "git://github.com/a/b",
        "git+ssh://git@github.com/a/b.git", "git@github.com:a/b.git", "github:a/b", "a/b#main",
        "npm:other@1.0.0", "x@1.0.0", "x@npm:y", "gist:11081aaa281",
        # options
        "-g", "--global", "--registry=http://evil", "-", "--",
        # shell characters and blanks
        "a b", " a", "a ", "a\n", "\na", "a\tb", "a;b", "a|b", "a&b", "a$b", "$(id)", "`id`",
        "a>b", "a<b", "a'b", 'a"b', "a*", "a?", "a[b]", "{a,b}", "a\\b", "a!b", "a(b)", "a%20b",
        "a\0b", "a=b", "a,b", "a:b",
        # not lower case, not ASCII, too long
        "Express", "é", "名前", "a" * 215, "\uff41",
    ],
)  # fmt: skip
def test_what_npm_would_take_for_something_else_is_refused_as_a_name(name: str) -> None:
    assert refusal(lambda: check_npm_name(name)).path == ("packageName",)


@pytest.mark.parametrize(
    "version",
    [
        "1.2.3", "0.0.0", "2026.8.31", "1.0.0-beta.1", "1.0.0-rc-1+build.5", "1.0.0+sha.x",
        "latest", "next", "beta-2", "v1-lts", "dist_tag",
        "1", "1.2", "^1.2.3", "~1.2", "~> 1.2", ">=1.0.0", "<2", "*", "1.x", "1.2.X", "v1.2",
        "1.2.3 || 2.0.0", "^1||>=3 <4", "1.2.3 - 2.0.0", "1 - 2.x", "=1.2.3", ">= 1.2.3-beta.1",
    ],
)  # fmt: skip
def test_an_exact_version_a_tag_or_a_range_is_accepted(version: str) -> None:
    check_npm_version(version)


@pytest.mark.parametrize(
    "version",
    [
        "", " ", "01.2.3", "1.02.3", "-1.2.3", "--tag", "1.2.3-", "||", "1 ||", "^", ">=", "< 2 ",
        " 1", "1  2", "1 -2", "1- 2", "1 - 2 - 3", "1 2 - 3", ">1 - 2", "1.2.3.4", "^^1", "!1", "1,2",
        "1.2.3\n", "1.2.3;id", "$(id)", "`id`", "latest tag", "latest\n", "a/b", "../x", "./x",
        "file:x", "http://example.org/x.tgz", "github:a/b", "git+https://x", "npm:other@1.0.0",
        "a@b", "a:b", "a#b", "1.2.3/../x", "é", "t" * 65, "1.0.0-" + "a" * 128, "1.2.3\0",
    ],
)  # fmt: skip
def test_a_path_a_url_or_an_option_is_refused_as_a_version(version: str) -> None:
    assert refusal(lambda: check_npm_version(version)).path == ("version",)


@pytest.mark.parametrize("name", ["a", "A1", "_x", "my.server-2_b", "9", "a" * 100])
def test_a_server_name_of_letters_digits_and_marks_is_accepted(name: str) -> None:
    check_server_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        ".a",
        "-a",
        "a/b",
        "a b",
        "a\n",
        "a\0",
        "é",
        "a" * 101,
        "../x",
        "a\\b",
        "$where",
    ],
)
def test_a_server_name_that_could_be_a_path_or_an_option_is_refused(name: str) -> None:
    assert refusal(lambda: check_server_name(name)).path == ("serverName",)
    assert refusal(lambda: check_server_name(name, "input", "name")).path == ("input", "name")


@pytest.mark.parametrize("name", ["a", "_a", "API_KEY", "a.b", "a-b", "a" * 128])
def test_a_secret_name_that_can_be_an_argument_is_accepted(name: str) -> None:
    check_secret_name(name)


@pytest.mark.parametrize("name", ["", "1a", ".a", "-a", "a b", "a$b", "a/b", "é", "a" * 129, "a\n"])
def test_another_secret_name_is_refused(name: str) -> None:
    assert refusal(lambda: check_secret_name(name)).path == ("secretName",)


@pytest.mark.parametrize("username", ["a", "ada@example.org", "Ada Lovelace", "用户", "x" * 256])
def test_a_printable_username_is_accepted(username: str) -> None:
    check_username(username)


@pytest.mark.parametrize(
    "username", ["", " ", " a", "a ", "a\n", "a\tb", "a\0b", "\u200b", "x" * 257]
)
def test_a_username_with_blanks_at_the_ends_or_control_characters_is_refused(username: str) -> None:
    assert refusal(lambda: check_username(username)).path == ("username",)


@pytest.mark.parametrize("name", ["", "a\n", "a\0", "x" * 257])
def test_a_tool_name_that_is_empty_long_or_unprintable_is_refused(name: str) -> None:
    assert refusal(lambda: check_tool_name(name)).path == ("toolName",)


@pytest.mark.parametrize("value", ["x", "é" * 32768, "x" * 65536, "two\r\nlines", "\t", " "])
def test_a_secret_value_of_up_to_64_kib_is_accepted(value: str) -> None:
    check_secret_value(value, "value")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "é" * 32768 + "x",
        "x" * 65537,
        "a\0planted",
        "\ud800planted",
        "\x1b[31mplanted",
        "planted\x7f",
    ],
)
def test_a_refused_secret_value_is_not_repeated(value: str) -> None:
    error = refusal(lambda: check_secret_value(value, "value"))
    assert error.path == ("value",)
    assert "planted" not in error.sentence()


@pytest.mark.parametrize("value", ["x" * 4097, "a\0", "\udfff", "a\ud800b"])
def test_text_that_no_program_can_be_given_is_refused(value: str) -> None:
    assert refusal(lambda: check_text(value, "args", "0")).path == ("args", "0")


def test_arguments_are_refused_by_their_position() -> None:
    check_arguments_list(["x"] * 256, "args")
    assert refusal(lambda: check_arguments_list(["x"] * 257, "args")).path == ("args",)
    assert refusal(lambda: check_arguments_list(["fine", "a\0"], "args")).path == ("args", "1")


@pytest.mark.parametrize(
    "name", ["A", "a", "_A1", "PATH", "LDAP_URL", "MCP_SERVER", "NODE_OPTIONS"]
)
def test_a_portable_environment_name_is_accepted(name: str) -> None:
    check_environment({name: "value"}, "env")


@pytest.mark.parametrize(
    "name",
    ["", "1A", "A-B", "A B", "A=B", "É", "LD_PRELOAD", "LD_LIBRARY_PATH", "DYLD_INSERT_LIBRARIES",
     "MCP_API_INSTANCE", "A\0", "A\n", "X" * 129],
)  # fmt: skip
def test_an_environment_name_that_steers_the_loader_or_is_ours_is_refused(name: str) -> None:
    assert refusal(lambda: check_environment({name: "v"}, "env")).path == ("env", name[:128])


def test_an_environment_has_bounds() -> None:
    check_environment({f"V{n}": "x" * 65536 for n in range(256)}, "env")
    many = {f"V{n}": "" for n in range(257)}
    assert refusal(lambda: check_environment(many, "env")).path == ("env",)
    assert refusal(lambda: check_environment({"V": "x" * 65537}, "env")).path == ("env", "V")
