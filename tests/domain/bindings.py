"""Declared and stored secrets for the tests of rules."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.domain.delivery import (
    Delivered,
    Delivery,
    SecretBinding,
    StoredSecret,
    bundle_secrets,
)


def bound(
    name: str = "key",
    delivery: Delivery = Delivery.ENVIRONMENT,
    target: str | None = None,
    **more: Any,
) -> SecretBinding:
    return SecretBinding(name=name, delivery=delivery, target=target or name, **more)


def stored(name: str, sealed: str = "v2.x", *, is_own: bool = True) -> StoredSecret:
    return StoredSecret(name=name, sealed=sealed, is_own=is_own)


def deliver(bindings: Sequence[SecretBinding], values: Mapping[str, str]) -> Delivered:
    """Where these values go."""
    return bundle_secrets("ada", bindings, [stored(name) for name in values], values).delivered
