"""Which addresses a server may be reached at: pure rules, on the address that is connected to.

Whoever may name a URL could otherwise have this service ask its own network for them (SSRF).
Sources: the IANA special-purpose address registries (RFC 6890 and its updates), and the RFCs
named beside each range.
"""

import socket
from enum import Enum, StrEnum
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)
from urllib.parse import unquote, urlsplit

from app.domain.errors import invalid

HOW_TO_ALLOW = "set allowsPrivateNetwork of the server to true if it shall be reached there"


class Reach(StrEnum):
    """How far connections to a server may go."""

    PUBLIC = "public"
    """Addresses of the internet only."""
    LOOPBACK = "loopback"
    """Those, and this machine where the URL itself names it: no name that resolves to it."""
    PRIVATE = "private"
    """Any address that a server can have."""


class Kind(Enum):
    """What an address is for; the value says it in words."""

    PUBLIC = "a public address"
    LOOPBACK = "this machine"
    PRIVATE = "a private network"
    LINK_LOCAL = "a link-local address, where clouds keep credentials"
    RESERVED = "a reserved address, which no server has"


_V4 = tuple(
    (IPv4Network(block), kind)
    for block, kind in (
        ("0.0.0.0/8", Kind.RESERVED),  # "this network": Linux takes it for this machine
        ("10.0.0.0/8", Kind.PRIVATE),
        ("100.64.0.0/10", Kind.PRIVATE),  # carrier-grade NAT, RFC 6598
        ("127.0.0.0/8", Kind.LOOPBACK),
        ("168.63.129.16/32", Kind.LINK_LOCAL),  # the host of a virtual machine at Azure
        ("169.254.0.0/16", Kind.LINK_LOCAL),
        ("172.16.0.0/12", Kind.PRIVATE),
        ("192.0.0.0/24", Kind.RESERVED),
        ("192.0.2.0/24", Kind.RESERVED),
        ("192.88.99.0/24", Kind.RESERVED),  # relays of 6to4, RFC 7526
        ("192.168.0.0/16", Kind.PRIVATE),
        ("198.18.0.0/15", Kind.PRIVATE),  # benchmarks, RFC 2544, and what some VPNs make up
        ("198.51.100.0/24", Kind.RESERVED),
        ("203.0.113.0/24", Kind.RESERVED),
        ("224.0.0.0/4", Kind.RESERVED),  # multicast
        ("240.0.0.0/4", Kind.RESERVED),
    )
)
_V6 = tuple(
    (IPv6Network(block), kind)
    for block, kind in (
        ("::1/128", Kind.LOOPBACK),
        ("fe80::/10", Kind.LINK_LOCAL),
        ("fec0::/10", Kind.PRIVATE),  # site-local, RFC 3879
        ("fc00::/7", Kind.PRIVATE),
        ("64:ff9b:1::/48", Kind.PRIVATE),  # an operator's own NAT64, RFC 8215
        ("2001::/23", Kind.RESERVED),  # protocols, Teredo among them
        ("2001:db8::/32", Kind.RESERVED),
        ("3fff::/20", Kind.RESERVED),
    )
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")
# What carries an IPv4 address in an IPv6 one, and how far from the right it stands.
_EMBEDDING = (
    (IPv6Network("::ffff:0:0/96"), 0),  # mapped, RFC 4291
    (IPv6Network("::ffff:0:0:0/96"), 0),  # translated, RFC 2765
    (IPv6Network("64:ff9b::/96"), 0),  # NAT64, RFC 6052
    (IPv6Network("2002::/16"), 80),  # 6to4, RFC 3056
)
_ISATAP = (0x00005EFE, 0x02005EFE)  # RFC 5214, section 6.1


def kind_of(address: str) -> Kind:
    """What an IP address is for, also where it is packed into an IPv6 address."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv4Address):
        return next((kind for block, kind in _V4 if ip in block), Kind.PUBLIC)
    embedded = _embedded(ip)
    if embedded is not None:
        return kind_of(str(embedded))
    for block, kind in _V6:
        if ip in block:
            return kind
    return Kind.PUBLIC if ip in _GLOBAL_UNICAST else Kind.RESERVED


def narrowed(reach: Reach, host: str) -> Reach:
    """How far connections for a URL with that host may go: LOOPBACK is for those that say so."""
    if reach is Reach.LOOPBACK:
        address = address_in(host)
        if address is None or kind_of(address) is not Kind.LOOPBACK:
            return Reach.PUBLIC
    return reach


def why_refused(address: str, reach: Reach) -> str | None:
    """Why no connection to that address may be made; None if it may; `reach` is narrowed.

    The words name no address: what a name resolves to inside is not for everybody.
    """
    kind = kind_of(address)
    allowed = {
        Reach.PUBLIC: (Kind.PUBLIC,),
        Reach.LOOPBACK: (Kind.PUBLIC, Kind.LOOPBACK),
        Reach.PRIVATE: tuple(kind for kind in Kind if kind is not Kind.RESERVED),
    }
    if kind in allowed[reach]:
        return None
    told = f"its address is {kind.value}"
    return told if kind is Kind.RESERVED else f"{told}; {HOW_TO_ALLOW}"


def address_in(host: str) -> str | None:
    """The address that a URL's host stands for without being looked up; None for a name.

    The C library also takes 2130706433, 0x7f.1 and 017700000001 for addresses.
    """
    host = unquote(host.lower()).strip("[]").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):  # RFC 6761, section 6.3
        return "127.0.0.1"
    try:
        return str(ip_address(host.partition("%")[0]))
    except ValueError:
        try:
            return socket.inet_ntoa(socket.inet_aton(host))
        except (OSError, ValueError):
            return None


def check_reachable(url: str, reach: Reach) -> None:
    """Accept an address of which it is not certain already that it will be refused.

    Names are looked up, and judged, when a connection is made.

    Raises:
        AppError: INVALID_INPUT.
    """
    host = urlsplit(url).hostname or ""
    address = address_in(host)
    if address is None:
        return
    if ":" not in address and address != host and not host.endswith("localhost"):
        raise invalid(
            "url must write an IP address as four decimal numbers, or give a name.",
            "url",
            hint=f"What is there means {address}.",
        )
    why = why_refused(address, narrowed(reach, host))
    if why is not None:
        raise invalid(f"url cannot be used: {why}.", "url")


def _embedded(ip: IPv6Address) -> IPv4Address | None:
    number = int(ip)
    for block, shift in _EMBEDDING:
        if ip in block:
            return IPv4Address(number >> shift & 0xFFFF_FFFF)
    if number >> 32 & 0xFFFF_FFFF in _ISATAP:
        return IPv4Address(number & 0xFFFF_FFFF)
    if 1 < number <= 0xFFFF_FFFF:  # IPv4-compatible, RFC 4291
        return IPv4Address(number)
    return None
