"""Which tools a server's rules expose, and under which names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import AppError
from app.domain.server_access import (
    OPEN,
    ServerAccess,
    check_access,
    exposed_tools,
    is_exposed,
    own_tool_name,
)
from app.domain.tool import Tool


def tool(name: str, **annotations: object) -> Tool:
    return Tool(name, {"name": name, "annotations": annotations} if annotations else {"name": name})


LOOK, WRITE, PLAIN = (
    tool("look", readOnlyHint=True),
    tool("write", readOnlyHint=False),
    tool("plain"),
)
TOOLS = (LOOK, WRITE, PLAIN)


def names(access: ServerAccess) -> list[str]:
    return [shown.name for shown in exposed_tools(access, TOOLS)]


def test_without_rules_every_tool_is_there_as_it_is() -> None:
    assert exposed_tools(OPEN, TOOLS) == [*TOOLS]


def test_denied_beats_allowed_and_an_empty_list_allows_nothing() -> None:
    assert names(ServerAccess(denied_tools=("look",))) == ["write", "plain"]
    both = ServerAccess(allowed_tools=("look", "plain"), denied_tools=("look",))
    assert names(both) == ["plain"]
    assert names(ServerAccess(allowed_tools=())) == []


def test_read_only_goes_by_the_servers_word_and_silence_is_no_word() -> None:
    assert names(ServerAccess(is_read_only=True)) == ["look"]
    odd = tool("odd", readOnlyHint="true")
    assert not is_exposed(ServerAccess(is_read_only=True), odd)


def test_a_renamed_tool_answers_to_its_new_name_only() -> None:
    access = ServerAccess(renamed_tools={"look": "search"})
    assert names(access) == ["search", "write", "plain"]
    assert exposed_tools(access, (LOOK,))[0].raw["name"] == "search"
    assert (own_tool_name(access, "search"), own_tool_name(access, "look")) == ("look", None)


def test_a_new_name_hides_the_tool_that_had_it() -> None:
    access = ServerAccess(renamed_tools={"look": "write"})
    assert names(access) == ["write", "plain"]
    assert own_tool_name(access, "write") == "look"
    swapped = ServerAccess(renamed_tools={"look": "write", "write": "look"})
    assert names(swapped) == ["write", "look", "plain"]


@given(
    st.builds(
        ServerAccess,
        allowed_tools=st.none() | st.lists(st.sampled_from("abc")).map(tuple),
        denied_tools=st.lists(st.sampled_from("abc")).map(tuple),
        renamed_tools=st.dictionaries(st.sampled_from("abc"), st.sampled_from("abcx")),
        is_read_only=st.booleans(),
    ).filter(lambda a: len(set(a.renamed_tools.values())) == len(a.renamed_tools))
)
def test_what_is_listed_can_be_called_and_nothing_else(access: ServerAccess) -> None:
    tools = {name: tool(name, readOnlyHint=name == "a") for name in "abc"}
    listed = [shown.name for shown in exposed_tools(access, tools.values())]
    assert len(listed) == len(set(listed))
    for name in "abcx":
        own = own_tool_name(access, name)
        is_callable = own in tools and is_exposed(access, tools[own])
        assert is_callable is (name in listed)


@pytest.mark.parametrize(
    "access",
    [
        ServerAccess(renamed_tools={"a": "x", "b": "x"}),
        ServerAccess(renamed_tools={"a": ""}),
        ServerAccess(users=("",)),
        ServerAccess(groups=(" red",)),
        ServerAccess(denied_tools=("a\n",)),
        ServerAccess(users=("u",) * 1000),
    ],
    ids=("one name twice", "no name", "no user", "a blank", "a line", "too many"),
)
def test_rules_that_cannot_be_followed_are_refused(access: ServerAccess) -> None:
    with pytest.raises(AppError, match=r"must|cannot|may"):
        check_access(access)


@pytest.mark.parametrize(
    ("access", "path"),
    [
        (ServerAccess(allowed_tools=("a", "")), ("access", "allowedTools", "1")),
        (ServerAccess(renamed_tools={"a": "x", "b": ""}), ("access", "renamedTools", "1")),
    ],
    ids=("allowed", "renamed"),
)
def test_a_wrong_entry_is_told_by_its_place(access: ServerAccess, path: tuple[str, ...]) -> None:
    with pytest.raises(AppError) as caught:
        check_access(access)
    assert caught.value.path == path
