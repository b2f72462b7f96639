"""A bundle of secrets as bytes, to be sealed: all that was worked out of it is in there."""

import orjson

from app.domain.delivery import Delivered, SecretBundle


def pack(bundle: SecretBundle) -> bytes:
    """The bundle as a line of JSON, and a line for each of its needles as they are."""
    username, delivered, values, needles, stamp, is_own = bundle
    head = orjson.dumps((username, (*delivered,), values, stamp, is_own))
    return b"\n".join((head, *needles))


def unpack(data: bytes) -> SecretBundle:
    """The bundle in what `pack` made."""
    head, *needles = data.split(b"\n")
    username, delivered, values, stamp, is_own = orjson.loads(head)
    return SecretBundle(username, Delivered(*delivered), values, needles, stamp, is_own)
