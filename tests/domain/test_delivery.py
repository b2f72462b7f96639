"""How secrets are declared, and what becomes of them on their way."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.delivery import (
    MAX_BINDINGS,
    Delivered,
    Delivery,
    SecretBinding,
    bindings_for,
    bundle_secrets,
    check_bindings,
    missing_names,
    refuse_missing,
)
from app.domain.errors import AppError, ErrorCode
from app.domain.server import (
    ServerChanges,
    ServerSettings,
    apply_changes,
)
from app.domain.server_rules import resolve_launch
from tests.domain.bindings import bound, deliver, stored

ENV, FILE, HEADER, QUERY = Delivery.ENVIRONMENT, Delivery.FILE, Delivery.HEADER, Delivery.QUERY
ARGUMENT = Delivery.ARGUMENT
PROGRAM_RULE = "an environment variable: letters, digits and '_', not LD_, DYLD_ or MCP_API_"
QUERY_RULE = "a query parameter: 1 to 128 letters, digits, '_', '.', '~' or '-'"
HEADER_RULE = "a header of a server: it is no token of RFC 9110, or the transport sets it itself"
TEMPLATE_RULE = "template must hold {value} once, in at most 1024 printable characters."
ALONE = "An argument or a file is the value alone."
WRONG_WAY = "Delivery {} does not go with this transport."
NAMES = st.text(string.ascii_letters, min_size=1, max_size=8)
SETTINGS = ServerSettings(name="s", command="x")


def refusal(*bindings: SecretBinding, is_program: bool = True) -> tuple[str, tuple[str, ...]]:
    with pytest.raises(AppError) as caught:
        check_bindings(bindings, is_program=is_program)
    assert caught.value.code is ErrorCode.INVALID_INPUT
    return caught.value.message, caught.value.path


def test_what_a_program_or_an_address_can_take_is_accepted() -> None:
    check_bindings([], is_program=True)
    check_bindings(
        [
            bound("a", ENV, "A", template="Bearer {value}", is_required=True, description="words"),
            bound("b", FILE, "B_PATH"),
            bound("c", ARGUMENT, "c.d[0] é"),
            # The same word on another way is no conflict.
            bound("d", ARGUMENT, "A"),
        ],
        is_program=True,
    )
    check_bindings(
        [
            bound("a", HEADER, "Authorization", template="Bearer {value}"),
            bound("b", QUERY, "api.key"),
            bound("c", ARGUMENT, "authorization"),
        ],
        is_program=False,
    )
    check_bindings([bound(f"k{n}") for n in range(MAX_BINDINGS)], is_program=True)


@pytest.mark.parametrize(
    ("binding", "is_program", "message", "field"),
    [
        (bound("a b", ENV, "A"), True, "A secret's name must be 1 to 128 letters, digits, '_', '.' or '-', and start with a letter or '_'.", "name"),
        (bound(target="1A"), True, f"'1A' cannot be {PROGRAM_RULE}.", "target"),
        (bound(target="A-B"), True, f"'A-B' cannot be {PROGRAM_RULE}.", "target"),
        (bound(target="LD_PRELOAD"), True, f"'LD_PRELOAD' cannot be {PROGRAM_RULE}.", "target"),
        (bound(target="MCP_API_X"), True, f"'MCP_API_X' cannot be {PROGRAM_RULE}.", "target"),
        (bound(delivery=FILE, target="a/b"), True, f"'a/b' cannot be {PROGRAM_RULE}.", "target"),
        (bound(delivery=FILE, target="../b"), True, f"'../b' cannot be {PROGRAM_RULE}.", "target"),
        (bound(delivery=QUERY, target="a=b"), False, f"'a=b' cannot be {QUERY_RULE}.", "target"),
        (bound(delivery=QUERY, target="a" * 129), False, f"{'a' * 128!r} cannot be {QUERY_RULE}.", "target"),
        (bound(delivery=HEADER, target="a b"), False, f"'a b' cannot be {HEADER_RULE}.", "target"),
        (bound(delivery=HEADER, target="Host"), False, f"'Host' cannot be {HEADER_RULE}.", "target"),
        (bound(delivery=HEADER, target="mcp-session-id"), False, f"'mcp-session-id' cannot be {HEADER_RULE}.", "target"),
        (bound(delivery=ARGUMENT, target="a\0b"), True, "'a\\x00b' cannot be an argument's name.", "target"),
        (bound(delivery=ARGUMENT, target="a" * 257), True, f"{'a' * 128!r} cannot be an argument's name.", "target"),
        (bound(template="x"), True, TEMPLATE_RULE, "template"),
        (bound(template="{value}{value}"), True, TEMPLATE_RULE, "template"),
        (bound(template="{value}" + "x" * 1018), True, TEMPLATE_RULE, "template"),
        (bound(template="{value}\n"), True, TEMPLATE_RULE, "template"),
        (bound(delivery=HEADER, template="é {value}"), False, "The template of a header must be ASCII.", "template"),
        (bound(delivery=ARGUMENT, template="x{value}"), True, ALONE, "template"),
        (bound(delivery=FILE, template="{value}\n"), True, ALONE, "template"),
        (bound(description="x" * 5000), True, "description must be at most 4096 characters of Unicode text without NUL.", "description"),
        (bound(delivery=HEADER), True, WRONG_WAY.format("HEADER"), "delivery"),
        (bound(delivery=QUERY), True, WRONG_WAY.format("QUERY"), "delivery"),
        (bound(delivery=ENV), False, WRONG_WAY.format("ENVIRONMENT"), "delivery"),
        (bound(delivery=FILE), False, WRONG_WAY.format("FILE"), "delivery"),
    ],
)  # fmt: skip
def test_what_cannot_be_carried_is_refused_with_the_field(
    binding: SecretBinding,
    is_program: bool,  # noqa: FBT001 - a column of the table
    message: str,
    field: str,
) -> None:
    good = bound("good", ARGUMENT)
    assert refusal(good, binding, is_program=is_program) == (message, ("secrets", "1", field))


def test_a_name_and_a_target_are_declared_once() -> None:
    path = ("secrets", "1")
    assert refusal(bound("a", ENV, "A"), bound("a", ENV, "B")) == (
        "The secret 'a' is declared twice.",
        (*path, "name"),
    )
    for first, second in ((ENV, ENV), (FILE, ENV), (ENV, FILE)):
        assert refusal(bound("a", first, "A"), bound("b", second, "A")) == (
            "Two secrets fill 'A'.",
            (*path, "target"),
        )
    headers = (bound("a", HEADER, "X-Key"), bound("b", HEADER, "x-KEY"))
    assert refusal(*headers, is_program=False) == ("Two secrets fill 'x-KEY'.", (*path, "target"))


def test_a_server_has_at_most_a_hundred() -> None:
    many = [bound(f"k{n}") for n in range(MAX_BINDINGS + 1)]
    assert refusal(*many) == ("A server may have at most 100 secrets.", ("secrets",))


def test_each_value_goes_its_declared_way_and_others_are_arguments() -> None:
    bindings = [
        bound("a", ENV, "A_KEY", template="Bearer {value}"),
        bound("b", FILE, "B_PATH"),
        bound("c", HEADER, "X-C", template="token {value}!"),
        bound("d", QUERY, "d"),
        bound("e", ARGUMENT, "api_key"),
        bound("absent", ENV, "ABSENT"),
    ]
    values = {name: f"{{value}} of {name}" for name in "abcdef"}
    assert deliver(bindings, values) == Delivered(
        arguments={"api_key": "{value} of e", "f": "{value} of f"},
        environment={"A_KEY": "Bearer {value} of a"},
        headers={"X-C": "token {value} of c!"},
        query={"d": "{value} of d"},
        files={"B_PATH": "{value} of b"},
    )


@pytest.mark.parametrize("value", ["a\r\nX-Admin: 1", "a\n", "Zürich", "x" * 8193, "\x7f"])
def test_a_value_that_cannot_be_a_header_is_refused_and_not_repeated(value: str) -> None:
    with pytest.raises(AppError) as caught:
        deliver([bound(delivery=HEADER)], {"key": value})
    assert caught.value.code is ErrorCode.CONFLICT
    assert caught.value.message == (
        "The secret 'key' cannot go into a header: that takes at most 8192 printable ASCII "
        "characters, without a line break."
    )


@given(st.dictionaries(NAMES, st.text(), max_size=6), st.sets(NAMES, max_size=6))
def test_no_value_is_lost_or_goes_two_ways(values: dict[str, str], declared: set[str]) -> None:
    ways = [ENV, FILE, ARGUMENT]
    bindings = [bound(n, ways[i % 3], f"T_{n}") for i, n in enumerate(sorted(declared))]
    delivered = deliver(bindings, values)
    arguments, environment, files = (
        delivered.arguments, delivered.environment, delivered.files,
    )  # fmt: skip
    assert len(arguments) + len(environment) + len(files) == len(values)
    for binding in bindings_for([*values], bindings):
        way = {ARGUMENT: arguments, ENV: environment, FILE: files}[binding.delivery]
        assert way[binding.target] == values[binding.name]


def test_what_is_delivered_and_bundled_has_no_values_in_its_text() -> None:
    bundle = bundle_secrets("ada", [bound()], [stored("key")], {"key": "planted-value"})
    assert "planted-value" not in repr(bundle)
    launch = resolve_launch(SETTINGS, None, bundle.delivered)
    assert "planted-value" not in repr(launch)


def test_what_is_missing_is_told_by_name_in_the_declared_order() -> None:
    declared = [bound("z", is_required=True), bound("a", is_required=True), bound("optional")]
    assert missing_names(declared, frozenset()) == ["z", "a"]
    assert missing_names(declared, frozenset(("z",))) == ["a"]
    assert missing_names(declared, frozenset(("z", "a"))) == []
    error = refuse_missing("s", ["z", "a"])
    assert (error.code, error.message, error.path, error.hint) == (
        ErrorCode.SECRET_MISSING,
        "Server 's' needs secrets that are not set: 'z', 'a'.",
        ("serverName",),
        "Set them for this user, then call again.",
    )


def test_names_alone_keep_what_is_declared_and_are_arguments_else() -> None:
    before = ServerSettings(name="s", command="x", secrets=(bound("a", ENV, "A"), bound("b")))
    after = apply_changes(before, ServerChanges(secret_names=("c", "a")))
    assert after.secrets == (bound("c", ARGUMENT), bound("a", ENV, "A"))
    assert apply_changes(before, ServerChanges(secret_names=())).secrets == ()
    assert apply_changes(before, ServerChanges(secrets=(bound("c"),))).secrets == (bound("c"),)
