"""A start without the keys that stored secrets need does not go unsaid."""

import logging

import pytest

from app.domain.secret import SecretRef
from app.services.data_keys import store_sealed
from app.services.secrets import warn_of_foreign_keys
from tests.conftest import Stores
from tests.services.key_room import ANOTHER, ANOTHER_ID, NEW, OLD, OLD_ID, insert_v1, key_room

LOST = "process does not have. Start with it in SECRETS_KEYS_OLD, or set them again."


async def test_keys_that_are_needed_and_missing_are_told_in_the_log(
    stores: Stores, caplog: pytest.LogCaptureFixture
) -> None:
    await insert_v1([SecretRef("ada", "s", name) for name in ("a", "b")], OLD)
    for username in ("ada", "bob"):
        await store_sealed(key_room(stores, ANOTHER), SecretRef(username, "s", "c"), "kept")
    with caplog.at_level(logging.WARNING, logger="app.services.secrets"):
        await warn_of_foreign_keys(key_room(stores, NEW, OLD, ANOTHER))
        assert caplog.messages == []
        await warn_of_foreign_keys(key_room(stores, NEW))
    assert sorted(caplog.messages) == sorted([
        f"The secrets of 2 users, and 0 more, need the deployment key {ANOTHER_ID}, which this {LOST}",
        f"The secrets of 0 users, and 2 more, need the deployment key {OLD_ID}, which this {LOST}",
    ])  # fmt: skip
