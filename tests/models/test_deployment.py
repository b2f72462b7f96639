"""What replicas share: one salt, one lease at a time, and who has which keys."""

import asyncio
from datetime import timedelta

from app.models import documents_by_database
from app.models.answers import AnswerDoc
from app.models.data_keys import DataKeyDoc
from app.models.deployment import DeploymentDoc
from app.models.secrets import SecretDoc
from tests.conftest import Stores
from tests.models.factories import NOW

LATER = NOW + timedelta(seconds=10)
MUCH_LATER = NOW + timedelta(seconds=20)


async def test_of_twenty_salts_made_at_once_one_is_kept_and_all_get_it(stores: Stores) -> None:
    salts = await asyncio.gather(*(stores.deployment.salt() for _ in range(20)))
    assert len(set(salts)) == 1
    assert len(salts[0]) == 32
    assert await stores.deployment.salt() == salts[0]
    assert await DeploymentDoc.count() == 1


async def test_of_twenty_who_want_a_lease_one_gets_it(stores: Stores) -> None:
    taken = await asyncio.gather(
        *(
            stores.deployment.take_lease("work", f"owner {n}", now=NOW, until=LATER)
            for n in range(20)
        )
    )
    assert sorted(taken) == [False] * 19 + [True]


async def test_a_lease_is_its_owners_until_it_ends_or_is_given_back(stores: Stores) -> None:
    async def take(owner: str, *, late: bool = False, name: str = "work") -> bool:
        now = LATER if late else NOW
        return await stores.deployment.take_lease(name, owner, now=now, until=now + (LATER - NOW))

    assert await take("one")
    assert not await take("two")
    assert await take("one")
    assert await take("two", name="other work")
    await stores.deployment.release_lease("work", "two")
    assert not await take("two")
    assert await take("two", late=True)
    assert not await take("one", late=True)
    await stores.deployment.release_lease("work", "two")
    assert await take("one")


async def test_running_processes_are_known_by_their_keys_until_they_fall_silent(
    stores: Stores,
) -> None:
    await stores.deployment.salt()
    await stores.deployment.take_lease("work", "one", now=NOW, until=MUCH_LATER)
    await stores.deployment.announce("a", ["k1", "k2"], LATER)
    await stores.deployment.announce("b", ["k1"], MUCH_LATER)
    assert sorted(map(list, await stores.deployment.list_announced(NOW))) == [["k1"], ["k1", "k2"]]
    assert await stores.deployment.list_announced(LATER) == [["k1"]]
    await stores.deployment.announce("b", ["k3"], MUCH_LATER)
    assert await stores.deployment.list_announced(LATER) == [["k3"]]
    await stores.deployment.withdraw("b")
    assert await stores.deployment.list_announced(LATER) == []


def test_what_opens_secrets_is_kept_beside_them() -> None:
    sealed = (SecretDoc, DataKeyDoc, DeploymentDoc, AnswerDoc)
    assert documents_by_database("main", "apart")["apart"] == sealed
    assert (
        documents_by_database("main", "apart")["main"]
        == documents_by_database("m", "m")["m"][: -len(sealed)]
    )
    assert documents_by_database("m", "m")["m"][-len(sealed) :] == sealed
