"""How often an open stream's credential is looked at."""

import asyncio
from datetime import timedelta
from typing import cast

from app.domain.clock import utc_now
from app.domain.errors import ErrorCode
from app.domain.principal import Principal
from app.domain.unauthenticated import Unauthenticated
from app.edge.credential_watch import LEEWAY_LOOK_SECONDS, until_unknown
from app.services.authentication import Authentication

EXPIRED = Principal(subject="ada", expires_at=utc_now() - timedelta(seconds=1))


class FakeAuthentication:
    """Takes an expired token once more, as clocks may differ, and then no longer."""

    def __init__(self) -> None:
        self.asked_at: list[float] = []

    async def principal(self, _authorization: str | None) -> Principal:
        self.asked_at.append(asyncio.get_running_loop().time())
        if len(self.asked_at) > 1:
            raise Unauthenticated("It has expired.", reason="it has expired")
        return EXPIRED


async def test_a_token_in_its_leeway_is_asked_for_now_and_then_and_not_all_the_time() -> None:
    fake = FakeAuthentication()
    error = await until_unknown(cast("Authentication", fake), "Bearer x", EXPIRED)
    assert error.code is ErrorCode.UNAUTHENTICATED
    first, second = fake.asked_at
    assert second - first > LEEWAY_LOOK_SECONDS / 2
