"""The rules of upgrades: what is asked for, what is started, what waits."""

from dataclasses import replace

import pytest

from app.domain.package import PackageSource, UpgradePolicy
from app.domain.tool_diff import ToolDiff
from app.domain.upgrade import carry_over, has_to_wait, wanted_source
from tests.models.factories import build, settings

OLD = build(args=("{packageDir}/old.js", "--own"), source=PackageSource(name="x", args=("--own",)))
NEW = build(
    version="2", command="bun", args=("run", "{packageDir}/new.js", "--own"), source=OLD.source
)


@pytest.mark.parametrize(
    ("asked", "version", "expected"),
    [
        ("latest", None, "latest"),
        ("^1.0", None, "^1.0"),
        ("1.1.2", None, "latest"),
        ("==1.1.2", None, "latest"),
        ("latest", "1.0.0", "1.0.0"),
        ("^1.0", "^2.0", "^2.0"),
    ],
)
def test_an_upgrade_asks_for_what_was_asked_for(
    asked: str, version: str | None, expected: str
) -> None:
    source = PackageSource(name="x", version=asked, requirements=("mcp<2",))
    wanted = wanted_source(source, build(), version)
    assert wanted == replace(source, version=expected)


def test_the_entry_point_is_exchanged_and_what_follows_it_stays() -> None:
    before = settings(args=(*OLD.args, "--added"), env={"A": "b"})
    after = carry_over(before, OLD, NEW)
    assert (after.command, after.args) == (
        "bun",
        ("run", "{packageDir}/new.js", "--own", "--added"),
    )
    assert after.env == {"A": "b"}
    assert carry_over(after, NEW, OLD) == before


def test_arguments_of_the_operators_own_may_be_taken_away() -> None:
    after = carry_over(settings(args=("{packageDir}/old.js",)), OLD, NEW)
    assert after.args == ("run", "{packageDir}/new.js")


@pytest.mark.parametrize(
    "own",
    [settings(command="deno", args=OLD.args), settings(args=("/srv/mine.js", "--own")), settings()],
)
def test_a_command_of_the_operators_own_stays_whole(own: object) -> None:
    assert carry_over(own, OLD, NEW) == own  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("policy", "diff", "expected"),
    [
        (UpgradePolicy.AUTOMATIC, ToolDiff(removed=("a",)), False),
        (UpgradePolicy.AUTOMATIC, None, False),
        (UpgradePolicy.HOLD_BREAKING, ToolDiff(added=("a",)), False),
        (UpgradePolicy.HOLD_BREAKING, ToolDiff(removed=("a",)), True),
        (UpgradePolicy.HOLD_BREAKING, None, True),
    ],
)
def test_only_what_may_break_something_waits(
    policy: UpgradePolicy,
    diff: ToolDiff | None,
    expected: bool,  # noqa: FBT001 - a table
) -> None:
    assert has_to_wait(policy, diff) is expected
