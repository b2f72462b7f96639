"""Stored packages: one claim a name, and a claim that is completed or given up once."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.errors import AppError, ErrorCode
from app.domain.package import Package, PackageStatus
from app.domain.page import PageRequest
from tests.conftest import Stores
from tests.models.factories import NOW, package


def installed(claim: Package) -> Package:
    return replace(
        claim,
        version="1.1.2",
        integrity="sha512-x",
        status=PackageStatus.INSTALLED,
        lease_owner=None,
        lease_expires_at=None,
        installed_at=NOW,
    )


async def test_of_twenty_claims_of_one_name_exactly_one_wins(stores: Stores) -> None:
    claims = [package("same") for _ in range(20)]
    results = await asyncio.gather(
        *(stores.packages.claim(claim) for claim in claims), return_exceptions=True
    )
    winners = [c for c, result in zip(claims, results, strict=True) if result is None]
    codes = [result.code for result in results if isinstance(result, AppError)]
    assert codes == [ErrorCode.CONFLICT] * 19
    assert [await stores.packages.find("same")] == winners


async def test_a_completed_claim_comes_back_as_installed(stores: Stores) -> None:
    claim = package()
    await stores.packages.claim(claim)
    assert await stores.packages.list_unfinished() == [claim]
    assert await stores.packages.complete(installed(claim)) is True
    assert await stores.packages.find("s") == installed(claim)
    assert await stores.packages.find_by_name("mcp-hello-world") == installed(claim)
    assert await stores.packages.find_many(["s", "t"]) == {"s": installed(claim)}
    assert await stores.packages.list_unfinished() == []


async def test_a_claim_that_was_given_up_cannot_be_completed(stores: Stores) -> None:
    claim = package()
    await stores.packages.claim(claim)
    await stores.packages.delete(claim.install_id)
    assert await stores.packages.complete(installed(claim)) is False
    assert await stores.packages.find("s") is None


async def test_a_claim_cannot_be_completed_by_another_install(stores: Stores) -> None:
    claim = package()
    await stores.packages.claim(claim)
    assert await stores.packages.complete(installed(package())) is False
    assert await stores.packages.find("s") == claim


async def test_an_uninstall_begins_once_and_only_when_installed(stores: Stores) -> None:
    claim = package()
    await stores.packages.claim(claim)
    going = replace(
        installed(claim),
        status=PackageStatus.UNINSTALLING,
        keeps_secrets=True,
        lease_owner="me",
        lease_expires_at=NOW,
    )
    assert await stores.packages.begin_uninstall(going) is False
    assert await stores.packages.find("s") == claim
    await stores.packages.complete(installed(claim))
    results = await asyncio.gather(*(stores.packages.begin_uninstall(going) for _ in range(10)))
    assert sorted(results) == [False] * 9 + [True]
    assert await stores.packages.find("s") == going
    assert await stores.packages.list_unfinished() == [going]


async def test_only_the_owner_of_a_lease_renews_it(stores: Stores) -> None:
    claim = package()
    await stores.packages.claim(claim)
    later = NOW + timedelta(hours=1)
    await stores.packages.renew_lease(claim.install_id, "somebody/else", later)
    assert await stores.packages.find("s") == claim
    await stores.packages.renew_lease(claim.install_id, "somebody/alive", later)
    assert await stores.packages.find("s") == replace(claim, lease_expires_at=later)


async def test_packages_are_paged_by_server_name(stores: Stores) -> None:
    for name in ("c", "a", "b"):
        await stores.packages.claim(package(name))
    page = await stores.packages.list_page(PageRequest(1, "a"))
    assert [found.server_name for found in page] == ["b", "c"]


async def test_of_several_installs_the_first_by_server_name_is_found(stores: Stores) -> None:
    for name in ("b", "a"):
        await stores.packages.claim(package(name))
    found = await stores.packages.find_by_name("mcp-hello-world")
    assert found is not None
    assert found.server_name == "a"
    assert await stores.packages.find_by_name("mcp-hello") is None


async def test_a_second_claim_changes_nothing(stores: Stores) -> None:
    claim = package()
    await stores.packages.claim(claim)
    with pytest.raises(AppError) as caught:
        await stores.packages.claim(package())
    assert (caught.value.code, caught.value.path) == (ErrorCode.CONFLICT, ("serverName",))
    assert await stores.packages.find("s") == claim
