"""A bundle of secrets as bytes, to be sealed: all that was worked out of it is in there."""

import orjson

from app.domain.delivery import Delivered, SecretBundle


def pack(bundle: SecretBundle) -> bytes:
    """The bundle as JSON."""
    return orjson.dumps((bundle.username, (*bundle.delivered,), *bundle[2:]))


def unpack(data: bytes) -> SecretBundle:
    """The bundle in what `pack` made."""
    username, delivered, *others = orjson.loads(data)
    return SecretBundle(username, Delivered(*delivered), *others)
