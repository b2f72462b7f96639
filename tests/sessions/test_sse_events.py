"""Reading event streams, however their bytes are cut."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sessions.sse_events import Event, EventParser
from app.sessions.wire import MessageTooBig

STREAM = (
    b"\xef\xbb\xbf: a comment\r\n"
    b"data: one\r\n\r\n"
    b"event: endpoint\ndata:/two\ndata: 2\ndata\n\n"
    b"id: 3\rdata:  three\rretry: 1500\r\r"
    b"id: ignored\0\nevent: unseen\n\n"
    b"data:\nid\nunknown: field\nretry: soon\n\n"
    b"id: 5\n\n"
    b"data: cut off\n"
)
EVENTS = [
    Event("message", b"one", ""),
    Event("endpoint", b"/two\n2\n", ""),
    Event("message", b" three", "3"),
    Event("message", b"", ""),
]


def read(*chunks: bytes, limit: int = 1000) -> tuple[EventParser, list[Event]]:
    parser = EventParser(limit)
    return parser, [event for chunk in chunks for event in parser.feed(chunk)]


def test_a_stream_is_read_as_the_standard_says() -> None:
    parser, events = read(STREAM)
    assert events == EVENTS
    assert parser.last_id == "5"
    assert parser.retry_seconds == 1.5


@given(st.lists(st.integers(0, len(STREAM)), max_size=30))
def test_it_does_not_matter_how_the_bytes_are_cut(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    parser, events = read(*(STREAM[a:b] for a, b in itertools.pairwise(edges)))
    assert events == EVENTS
    assert (parser.last_id, parser.retry_seconds) == ("5", 1.5)


def test_bytes_one_by_one_are_fine() -> None:
    assert read(*(STREAM[n : n + 1] for n in range(len(STREAM))))[1] == EVENTS


@given(st.lists(st.binary(max_size=20), max_size=20))
def test_nothing_that_a_server_sends_breaks_the_parser(chunks: list[bytes]) -> None:
    whole, pieces = read(b"".join(chunks)), read(*chunks)
    assert whole[1] == pieces[1]


def test_an_id_counts_once_its_event_is_whole() -> None:
    parser, _ = read(b"id: 1\ndata: x\n\nid: 2\ndata: y\n")
    assert parser.last_id == "1"
    parser.feed(b"\n")
    assert parser.last_id == "2"


@pytest.mark.parametrize(
    "chunks",
    [
        [b"data: " + b"x" * 1001 + b"\n"],
        [b"data: " + b"x" * 600, b"x" * 600],
        [b"data: xxxxxxxxx\n" * 101],
        [b"x" * 500] * 3,
    ],
    ids=["one line", "a line in pieces", "many lines", "no line end"],
)
def test_an_event_beyond_the_limit_is_refused(chunks: list[bytes]) -> None:
    with pytest.raises(MessageTooBig):
        read(*chunks)


def test_an_event_at_the_limit_is_read() -> None:
    data = b"x" * 1000
    assert read(b"data: " + data, b"\n\n")[1] == [Event("message", data, "")]
    assert read(b": keep alive\n" * 1000, b"data: " + data + b"\n\n")[1][0].data == data
