"""Which addresses a server may be reached at."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import AppError, ErrorCode
from app.domain.outbound import (
    Kind,
    Reach,
    address_in,
    check_reachable,
    kind_of,
    narrowed,
    why_refused,
)

HOW = "set allowsPrivateNetwork of the server to true if it shall be reached there"
PRIVATE = f"its address is a private network; {HOW}"
HERE = f"its address is this machine; {HOW}"
LINK = f"its address is a link-local address, where clouds keep credentials; {HOW}"
RESERVED = "its address is a reserved address, which no server has"


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("1.1.1.1", Kind.PUBLIC),
        ("100.63.255.255", Kind.PUBLIC),
        ("172.32.0.1", Kind.PUBLIC),
        ("2606:4700:4700::1111", Kind.PUBLIC),
        ("127.0.0.1", Kind.LOOPBACK),
        ("127.255.255.254", Kind.LOOPBACK),
        ("::1", Kind.LOOPBACK),
        ("10.0.0.1", Kind.PRIVATE),
        ("172.16.0.1", Kind.PRIVATE),
        ("172.31.255.255", Kind.PRIVATE),
        ("192.168.1.1", Kind.PRIVATE),
        ("100.64.0.1", Kind.PRIVATE),
        ("100.127.255.255", Kind.PRIVATE),
        ("198.19.0.1", Kind.PRIVATE),
        ("fd00:ec2::254", Kind.PRIVATE),
        ("fec0::1", Kind.PRIVATE),
        ("64:ff9b:1::a00:1", Kind.PRIVATE),
        ("169.254.169.254", Kind.LINK_LOCAL),
        ("168.63.129.16", Kind.LINK_LOCAL),
        ("fe80::1", Kind.LINK_LOCAL),
        ("fe80::1%eth0", Kind.LINK_LOCAL),
        ("0.0.0.0", Kind.RESERVED),  # noqa: S104 - nothing is bound here
        ("0.1.2.3", Kind.RESERVED),
        ("224.0.0.1", Kind.RESERVED),
        ("255.255.255.255", Kind.RESERVED),
        ("240.0.0.1", Kind.RESERVED),
        ("192.0.0.192", Kind.RESERVED),
        ("192.0.2.1", Kind.RESERVED),
        ("192.88.99.1", Kind.RESERVED),
        ("203.0.113.1", Kind.RESERVED),
        ("::", Kind.RESERVED),
        ("ff02::1", Kind.RESERVED),
        ("2001:0:7f00:1::", Kind.RESERVED),
        ("2001:db8::1", Kind.RESERVED),
        ("3fff::1", Kind.RESERVED),
        ("100::1", Kind.RESERVED),
        ("4000::1", Kind.RESERVED),
    ],
)
def test_every_range_is_what_the_registries_say(address: str, kind: Kind) -> None:
    assert kind_of(address) is kind


@given(st.ip_addresses(v=4))
def test_an_address_is_judged_alike_in_every_form_that_carries_it(ip: IPv4Address) -> None:
    kind = kind_of(str(ip))
    high, low = int(ip) >> 16, int(ip) & 0xFFFF
    for form in (
        f"::ffff:{high:x}:{low:x}",
        f"::ffff:0:{high:x}:{low:x}",
        f"64:ff9b::{high:x}:{low:x}",
        f"2002:{high:x}:{low:x}::1",
        f"2a00:1::5efe:{high:x}:{low:x}",
        f"fe80::200:5efe:{high:x}:{low:x}",
    ):
        assert kind_of(form) is kind


@given(st.ip_addresses())
def test_what_python_takes_for_special_is_never_public(ip: IPv4Address | IPv6Address) -> None:
    is_special = (
        ip.is_private or ip.is_loopback or ip.is_link_local or ip.is_multicast
        or ip.is_reserved or ip.is_unspecified
    )  # fmt: skip
    if is_special:
        carried = isinstance(ip, IPv6Address) and int(ip) >> 32 in (0x64FF9B << 64, 0xFFFF)
        assert kind_of(str(ip)) is not Kind.PUBLIC or carried


@pytest.mark.parametrize(
    ("address", "public", "loopback", "private"),
    [
        ("1.1.1.1", None, None, None),
        ("127.0.0.1", HERE, None, None),
        ("10.0.0.1", PRIVATE, PRIVATE, None),
        ("169.254.169.254", LINK, LINK, None),
        ("::ffff:169.254.169.254", LINK, LINK, None),
        ("255.255.255.255", RESERVED, RESERVED, RESERVED),
        ("224.0.0.1", RESERVED, RESERVED, RESERVED),
    ],
)
def test_each_reach_allows_so_much(
    address: str, public: str | None, loopback: str | None, private: str | None
) -> None:
    told = tuple(why_refused(address, r) for r in (Reach.PUBLIC, Reach.LOOPBACK, Reach.PRIVATE))
    assert told == (public, loopback, private)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("localhost", "127.0.0.1"),
        ("LocalHost.", "127.0.0.1"),
        ("mcp.localhost", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("%31%32%37.0.0.1", "127.0.0.1"),
        ("[::1]", "::1"),
        ("fe80::1%25eth0", "fe80::1"),
        ("example.com", None),
        ("127.0.0.1.example.com", None),
        ("localhost.example.com", None),
        ("", None),
    ],
)
def test_a_host_that_is_an_address_is_known_for_one(host: str, address: str | None) -> None:
    assert address_in(host) == address


def test_the_loopback_reach_is_for_hosts_that_say_so() -> None:
    assert narrowed(Reach.LOOPBACK, "localhost") is Reach.LOOPBACK
    assert narrowed(Reach.LOOPBACK, "127.0.0.1") is Reach.LOOPBACK
    assert narrowed(Reach.LOOPBACK, "rebound.example") is Reach.PUBLIC
    assert narrowed(Reach.LOOPBACK, "10.0.0.1") is Reach.PUBLIC
    assert narrowed(Reach.PRIVATE, "rebound.example") is Reach.PRIVATE


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:9/mcp", f"url cannot be used: {HERE}."),
        ("http://localhost/", f"url cannot be used: {HERE}."),
        ("http://[::1]/", f"url cannot be used: {HERE}."),
        ("http://[::ffff:10.0.0.1]/", f"url cannot be used: {PRIVATE}."),
        ("http://[::ffff:a00:1]/", f"url cannot be used: {PRIVATE}."),
        ("http://169.254.169.254/latest/meta-data", f"url cannot be used: {LINK}."),
        ("http://0.0.0.0/", f"url cannot be used: {RESERVED}."),
        (
            "http://2130706433/",
            "url must write an IP address as four decimal numbers, or give a name.",
        ),
        (
            "http://0x7f000001/",
            "url must write an IP address as four decimal numbers, or give a name.",
        ),
        (
            "http://0177.0.0.1/",
            "url must write an IP address as four decimal numbers, or give a name.",
        ),
    ],
)
def test_a_url_that_cannot_work_is_refused_at_the_door(url: str, why: str) -> None:
    with pytest.raises(AppError) as caught:
        check_reachable(url, Reach.PUBLIC)
    error = caught.value
    assert (error.code, error.path, error.message) == (ErrorCode.INVALID_INPUT, ("url",), why)


@pytest.mark.parametrize(
    "url", ["https://example.com/", "http://1.1.1.1/", "http://[2606:4700::1]/"]
)
def test_others_are_judged_when_they_are_connected_to(url: str) -> None:
    check_reachable(url, Reach.PUBLIC)
    check_reachable("http://localhost:1/", Reach.LOOPBACK)
    check_reachable("http://10.0.0.1/", Reach.PRIVATE)
