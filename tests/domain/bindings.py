"""Declared and stored secrets for the tests of rules."""

from typing import Any

from app.domain.delivery import Delivery, SecretBinding, StoredSecret


def bound(
    name: str = "key",
    delivery: Delivery = Delivery.ENVIRONMENT,
    target: str | None = None,
    **more: Any,
) -> SecretBinding:
    return SecretBinding(name=name, delivery=delivery, target=target or name, **more)


def stored(name: str, sealed: str = "v2.x", *, is_own: bool = True) -> StoredSecret:
    return StoredSecret(name=name, sealed=sealed, is_own=is_own)
