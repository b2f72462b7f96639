"""A bundle of secrets as bytes, to be sealed: all that was worked out of it is in there."""

import orjson

from app.domain.delivery import Delivered, SecretBundle


def pack(bundle: SecretBundle) -> bytes:
    """The bundle as JSON."""
    sent = bundle.delivered
    return orjson.dumps(
        (
            bundle.username, bundle.stamp, bundle.is_own, bundle.values, bundle.parts,
            sent.arguments, sent.environment, sent.headers, sent.query, sent.files,
        )
    )  # fmt: skip


def unpack(data: bytes) -> SecretBundle:
    """The bundle in what `pack` made."""
    username, stamp, is_own, values, parts, *sent = orjson.loads(data)
    return SecretBundle(
        username=username,
        stamp=stamp,
        is_own=is_own,
        values=values,
        parts=parts,
        delivered=Delivered(*sent),
    )
