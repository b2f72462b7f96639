"""INSTALL_ON_START, as an operator may write it."""

import pytest

from app.domain.errors import AppError, ErrorCode
from app.domain.install_on_start import parse_install_on_start
from app.domain.package import Runtime


def parsed(text: str) -> list[tuple[str, Runtime, str, str]]:
    found = parse_install_on_start(text)
    return [(r.source.name, r.source.runtime, r.source.version, r.server_name) for r in found]


def test_every_spelling_is_understood() -> None:
    text = " mcp-hello-world|hello, @scope/name|a , @scope/name@1.2.3|b,pypi:mcp-server-time@1.0|c,"
    assert parsed(text) == [
        ("mcp-hello-world", Runtime.NODE, "latest", "hello"),
        ("@scope/name", Runtime.NODE, "latest", "a"),
        ("@scope/name", Runtime.NODE, "1.2.3", "b"),
        ("mcp-server-time", Runtime.PYTHON, "1.0", "c"),
    ]
    assert parsed("") == []


@pytest.mark.parametrize("text", ["name", "|server", "name|", "a|s,b|s"])
def test_what_cannot_be_meant_is_refused(text: str) -> None:
    with pytest.raises(AppError) as caught:
        parse_install_on_start(text)
    assert caught.value.code is ErrorCode.INVALID_INPUT
