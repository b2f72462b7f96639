"""What is recorded, and how it is written down."""

from datetime import UTC, datetime

import pytest

from app.domain.audit import (
    READS,
    AuditFilter,
    AuditRecord,
    check_filter,
    cut_name,
    is_recorded,
    size_of,
)
from app.domain.audit_lines import from_line, to_line
from app.domain.errors import AppError, ErrorCode
from app.domain.policy import Action
from app.domain.principal import CredentialKind

RECORD = AuditRecord(
    id="a1",
    at=datetime(2026, 11, 24, 22, 0, 0, 5000, tzinfo=UTC),
    principal="ann",
    credential_kind=CredentialKind.TOKEN,
    credential_id="t1",
    credential_name="laptop",
    username="bob",
    action=Action.CALL_TOOL,
    server_name="s",
    target="echo",
    peer="192.0.2.1",
    request_id="r1",
    outcome="OK",
    duration_milliseconds=1.5,
    request_bytes=10,
    result_size=None,
)
READ_WORDS = ("read", "watch", "list", "check", "complete", "preflight", "preview")


@pytest.mark.parametrize("action", sorted(Action))
def test_what_changes_or_calls_is_recorded_and_so_is_what_is_refused(action: Action) -> None:
    is_call = action is Action.READ_RESOURCE
    is_read = action.value.startswith(READ_WORDS) and not is_call
    assert (action in READS) is is_read
    assert is_recorded(action, "OK") is not is_read
    assert is_recorded(action, "FORBIDDEN")
    assert is_recorded(action, "INVALID_INPUT", is_malformed=True)


def test_a_line_holds_the_whole_record_and_gives_it_back() -> None:
    assert to_line(RECORD) == (
        b'{"id":"a1","at":"2026-11-24T22:00:00.005000Z","principal":"ann",'
        b'"credential_kind":"token","credential_id":"t1","credential_name":"laptop",'
        b'"username":"bob","action":"call_tool","server_name":"s","target":"echo",'
        b'"peer":"192.0.2.1","request_id":"r1","outcome":"OK","duration_milliseconds":1.5,'
        b'"request_bytes":10,"result_size":null,"lost_before":0,"times":1}'
    )
    odd = RECORD._replace(target='a "b"\n\u2028', username=None, lost_before=3)
    for record in (RECORD, odd):
        assert from_line(to_line(record)) == record
        assert b"\n" not in to_line(record)


@pytest.mark.parametrize("line", [b"", b"3", b"{", b"{}", b'{"id":"a"}', b'{"at": 3}'])
def test_a_line_that_is_no_record_is_said_to_be_none(line: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        from_line(line)


def test_a_result_is_as_large_as_its_text_and_data() -> None:
    blocks = [
        {"type": "text", "text": "12345"},
        {"type": "image", "data": "abc", "mimeType": "image/png"},
        {"type": "resource", "resource": {"uri": "x:y", "text": "12"}},
        {"type": "text", "text": 7},
        "odd",
    ]
    assert size_of({"content": blocks}) == 10
    assert size_of({"content": "no list"}) == size_of({}) == 0


def test_a_long_name_is_cut() -> None:
    assert cut_name(None) is None
    assert cut_name("n" * 200) == "n" * 200
    assert cut_name("n" * 201) == "n" * 199 + "…"


def test_times_that_make_no_sense_are_refused() -> None:
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    check_filter(AuditFilter(since=early, until=late))
    for only in (
        AuditFilter(since=late, until=early),
        AuditFilter(since=early.replace(tzinfo=None)),
        AuditFilter(until=late.replace(tzinfo=None)),
        AuditFilter(since=datetime.fromisoformat("0001-01-01T00:00:00+14:00")),
        AuditFilter(until=datetime.fromisoformat("0001-01-01T00:00:00+14:00")),
        AuditFilter(since=datetime.fromisoformat("9999-12-31T23:59:59-14:00")),
        AuditFilter(until=datetime.fromisoformat("9999-12-31T23:59:59-14:00")),
    ):
        with pytest.raises(AppError) as caught:
            check_filter(only)
        assert caught.value.code is ErrorCode.INVALID_INPUT
