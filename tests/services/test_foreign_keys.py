"""A start under another key than the secrets were stored under does not go unsaid."""

import logging
from dataclasses import replace

import pytest

from app.services.secrets import set_secret, warn_of_foreign_keys
from app.vault.vault import SingleKeyVault
from tests.services.conftest import OPERATOR, World, add

ANOTHER_KEY = bytes(range(32, 64))


async def test_secrets_that_cannot_be_opened_are_counted_in_the_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await add(world)
    for name in ("a", "b"):
        await set_secret(
            world.deps, OPERATOR, server_name="s", name=name, value="kept", username=None
        )
    with caplog.at_level(logging.WARNING, logger="app.services.secrets"):
        await warn_of_foreign_keys(world.deps)
        assert caplog.messages == []
        await warn_of_foreign_keys(replace(world.deps, vault=SingleKeyVault(ANOTHER_KEY)))
    (said,) = caplog.messages
    assert said.startswith("2 stored secrets were sealed with another SECRETS_KEY than this one")
