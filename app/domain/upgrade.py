"""The pure rules of upgrades: what is asked for, what is started, and what has to wait."""

from dataclasses import replace

from app.domain.package import LATEST, PackageSource, UpgradePolicy
from app.domain.package_record import PackageBuild
from app.domain.server import ServerSettings
from app.domain.tool_diff import ToolDiff


def wanted_source(source: PackageSource, build: PackageBuild, version: str | None) -> PackageSource:
    """What an upgrade asks for: the version named, or what was asked for before.

    One installed at an exact version goes to the newest, because that is all an upgrade of it
    can mean.
    """
    if version is not None:
        return replace(source, version=version)
    if source.version in (build.version, f"=={build.version}"):
        return replace(source, version=LATEST)
    return source


def carry_over(
    settings: ServerSettings, old: PackageBuild | None, new: PackageBuild
) -> ServerSettings:
    """The server's settings on the new version.

    Its entry point replaces that of the old one, and what the operator has put behind it stays;
    so does a command of the operator's own.
    """
    if old is None:
        return replace(settings, command=new.command, args=new.args)
    command, entry = old.entry
    is_own = settings.command == command and settings.args[: len(entry)] == entry
    if not is_own:
        return settings
    new_command, new_entry = new.entry
    return replace(settings, command=new_command, args=new_entry + settings.args[len(entry) :])


def has_to_wait(policy: UpgradePolicy, diff: ToolDiff | None) -> bool:
    """Whether an upgrade waits for approval; one whose tools nobody has seen does as well."""
    return policy is UpgradePolicy.HOLD_BREAKING and (diff is None or diff.is_breaking)
