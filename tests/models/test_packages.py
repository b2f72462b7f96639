"""Stored packages: one claim a name, one operation at a time, and a lease that decides."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.errors import AppError, ErrorCode
from app.domain.package import PackageSource, Runtime, UpgradePolicy
from app.domain.package_record import (
    Latest,
    Package,
    PackageStatus,
    StagedUpgrade,
)
from app.domain.page import PageRequest
from app.domain.tool import Tool
from app.domain.tool_diff import ToolAspect, ToolChange, ToolDiff
from app.models.packages import PackageDoc
from tests.conftest import Stores
from tests.models.factories import NOW, build, installed, package

LATER = NOW + timedelta(hours=1)
DIFF = ToolDiff(("a",), ("b",), (ToolChange("c", (ToolAspect.INPUT_SCHEMA,), ("words",)),))


def upgrading(idle: Package, owner: str = "me") -> Package:
    return replace(
        idle,
        status=PackageStatus.UPGRADING,
        work_dir="s/new",
        lease_owner=owner,
        lease_expires_at=NOW,
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


async def test_a_record_comes_back_as_it_was_stored(stores: Stores) -> None:
    source = PackageSource(
        name="mcp-server-time",
        runtime=Runtime.PYTHON,
        version=">=1",
        requirements=("mcp<2",),
        extra_index_urls=("https://example.com/simple",),
        args=("--utc",),
    )
    tool = Tool("c", {"name": "c", "inputSchema": {"$ref": "#/$defs/a.b"}})
    made = build(source=source, tools=(tool,), requirements=("mcp<2",))
    whole = installed(
        source=source,
        build=made,
        previous=build(),
        held=StagedUpgrade(build(version="2"), DIFF),
        candidate=StagedUpgrade(build(version="3"), None),
        policy=UpgradePolicy.HOLD_BREAKING,
        last_diff=DIFF,
        error="words",
        latest=Latest("9", NOW),
        upgraded_at=LATER,
        keeps_secrets=True,
        is_cancel_asked=True,
    )
    await stores.packages.claim(whole)
    assert await stores.packages.find("s") == whole
    assert await stores.packages.find_by_name("mcp-server-time") == whole
    assert await stores.packages.find_many(["s", "t"]) == {"s": whole}


async def test_a_listing_too_large_to_keep_is_as_good_as_unknown(stores: Stores) -> None:
    huge = Tool("t", {"name": "t", "description": "x" * 1024**2})
    await stores.packages.claim(installed(build=build(tools=(huge,))))
    found = await stores.packages.find("s")
    assert found is not None
    assert found.build is not None
    assert found.build.tools is None


async def test_of_ten_operations_on_one_package_exactly_one_begins(stores: Stores) -> None:
    idle = installed()
    await stores.packages.claim(idle)
    begun = await asyncio.gather(
        *(stores.packages.begin(upgrading(idle, f"o{n}")) for n in range(10))
    )
    (winner,) = [record for record in begun if record is not None]
    assert winner == upgrading(idle, winner.lease_owner or "")
    assert await stores.packages.find("s") == winner
    assert await stores.packages.list_unfinished() == [winner]


async def test_an_operation_begins_on_the_record_of_that_moment(stores: Stores) -> None:
    """Whoever read the record before another operation ended must not write it back."""
    stale = installed()
    await stores.packages.claim(stale)
    newer = replace(stale, build=build(version="2"), previous=stale.build)
    await stores.packages.begin(upgrading(stale, "first"))
    assert await stores.packages.store(newer, owner="first")
    begun = await stores.packages.begin(upgrading(stale, "second"))
    assert begun is not None
    assert (begun.build, begun.previous) == (newer.build, newer.previous)


async def test_nothing_begins_on_a_package_that_is_being_installed(stores: Stores) -> None:
    claim = package()
    await stores.packages.claim(claim)
    assert await stores.packages.begin(upgrading(claim)) is None
    assert await stores.packages.find("s") == claim


async def test_only_the_owner_of_the_lease_stores_and_deletes(stores: Stores) -> None:
    claim = package()
    await stores.packages.claim(claim)
    done = replace(claim, build=build(), status=PackageStatus.INSTALLED, lease_owner=None)
    assert not await stores.packages.store(done, owner="somebody/else")
    assert not await stores.packages.delete(claim.install_id, owner="somebody/else")
    assert await stores.packages.find("s") == claim
    assert await stores.packages.store(done, owner="somebody/alive")
    assert await stores.packages.find("s") == done
    assert not await stores.packages.store(claim, owner="somebody/alive")


async def test_a_lease_is_taken_over_once(stores: Stores) -> None:
    claim = package()
    await stores.packages.claim(claim)
    taken = await asyncio.gather(
        *(stores.packages.take_over(claim, owner=f"o{n}", expires_at=LATER) for n in range(10))
    )
    assert sorted(taken) == [False] * 9 + [True]
    assert await stores.packages.renew_lease(claim.install_id, "somebody/alive", LATER) is None


async def test_a_step_changes_neither_the_lease_nor_what_is_decided_meanwhile(
    stores: Stores,
) -> None:
    claim = package()
    await stores.packages.claim(claim)
    owner = "somebody/alive"
    assert await stores.packages.renew_lease(claim.install_id, owner, LATER) is False
    assert await stores.packages.ask_cancel(claim.install_id, owner)
    assert await stores.packages.set_policy(claim.install_id, UpgradePolicy.HOLD_BREAKING)
    await stores.packages.note_latest(claim.install_id, Latest("9", NOW))
    step = replace(claim, candidate=StagedUpgrade(build(), None))
    assert await stores.packages.store(step, owner=owner)
    assert await stores.packages.find("s") == replace(
        step,
        lease_expires_at=LATER,
        is_cancel_asked=True,
        policy=UpgradePolicy.HOLD_BREAKING,
        latest=Latest("9", NOW),
    )
    assert await stores.packages.renew_lease(claim.install_id, owner, LATER) is True


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


async def test_what_was_uninstalled_is_remembered_until_it_is_installed_again(
    stores: Stores,
) -> None:
    removed = stores.removed_packages
    assert not await removed.has("s")
    for _ in range(2):
        await removed.note("s", NOW)
    assert await removed.has("s")
    assert not await removed.has("t")
    await removed.forget("s")
    assert not await removed.has("s")


@pytest.mark.parametrize("status", ["installing", "installed"])
async def test_a_record_of_the_first_shape_is_read_and_can_be_worked_on(
    stores: Stores, status: str
) -> None:
    is_done = status == "installed"
    row = {
        "server_name": "s",
        "name": "mcp-hello-world",
        "requested_version": "latest",
        "version": "1.1.2" if is_done else None,
        "integrity": "sha512-x" if is_done else None,
        "runtime": "node",
        "status": status,
        "install_id": "i",
        "install_dir": "s/i",
        "lease_owner": None if is_done else "somebody/dead",
        "lease_expires_at": None if is_done else NOW,
        "installed_at": NOW if is_done else None,
        "keeps_secrets": False,
    }
    await PackageDoc.get_motor_collection().insert_one(row)
    found = await stores.packages.find("s")
    assert found is not None
    assert (found.status.value, found.name, found.folders()) == (
        status,
        "mcp-hello-world",
        frozenset({"s/i"}),
    )
    assert [p.server_name for p in await stores.packages.list_page(PageRequest(5))] == ["s"]
    if is_done:
        begun = await stores.packages.begin(upgrading(found))
        assert begun is not None
        assert await stores.packages.store(begun.idle(), owner="me")
        assert await stores.packages.find("s") == found
