"""Packages as documents: the shape they are stored in, and back."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import orjson

from app.domain.package import PackageSource, Runtime
from app.domain.package_record import Latest, Package, PackageBuild, StagedUpgrade
from app.domain.tool import Tool, parse_tool
from app.domain.tool_diff import ToolAspect, ToolChange, ToolDiff

# A record holds up to three listings, and a document may have 16 MiB.
MAX_KEPT_TOOLS_BYTES = 1024**2


def write_package(package: Package) -> dict[str, Any]:
    """The fields of a record that an operation decides; `name` is there to be searched by."""
    return {
        "server_name": package.server_name,
        "name": package.name,
        "source": write_source(package.source),
        "status": package.status.value,
        "install_id": package.install_id,
        "build": _write_build(package.build),
        "previous": _write_build(package.previous),
        "held": _write_staged(package.held),
        "last_diff": None if package.last_diff is None else asdict(package.last_diff),
        "error": package.error,
        "work_dir": package.work_dir,
        "candidate": _write_staged(package.candidate),
        "lease_owner": package.lease_owner,
        "lease_expires_at": package.lease_expires_at,
        "is_cancel_asked": package.is_cancel_asked,
        "installed_at": package.installed_at,
        "upgraded_at": package.upgraded_at,
        "keeps_secrets": package.keeps_secrets,
    }


def write_source(source: PackageSource) -> dict[str, Any]:
    """The fields of a source."""
    return {**asdict(source), "runtime": source.runtime.value}


def read_source(row: Mapping[str, Any]) -> PackageSource:
    """The source in those fields."""
    lists = ("requirements", "extra_index_urls", "args")
    fields: dict[str, Any] = {n: tuple(v) if n in lists else v for n, v in row.items()}
    return PackageSource(**{**fields, "runtime": Runtime(row["runtime"])})


def read_build(row: Mapping[str, Any] | None) -> PackageBuild | None:
    """The build in those fields."""
    if row is None:
        return None
    return PackageBuild(
        install_dir=row["install_dir"],
        source=read_source(row["source"]),
        version=row["version"],
        integrity=row["integrity"],
        command=row["command"],
        args=tuple(row["args"]),
        requirements=tuple(row["requirements"]),
        tools=_read_tools(row["tools_json"]),
    )


def read_staged(row: Mapping[str, Any] | None) -> StagedUpgrade | None:
    """The staged upgrade in those fields."""
    build = None if row is None else read_build(row["build"])
    return None if row is None or build is None else StagedUpgrade(build, read_diff(row["diff"]))


def read_diff(row: Mapping[str, Any] | None) -> ToolDiff | None:
    """The tool diff in those fields."""
    if row is None:
        return None
    return ToolDiff(
        added=tuple(row["added"]),
        removed=tuple(row["removed"]),
        changed=tuple(
            ToolChange(c["name"], tuple(map(ToolAspect, c["aspects"])), tuple(c["details"]))
            for c in row["changed"]
        ),
    )


def read_latest(row: Mapping[str, Any] | None) -> Latest | None:
    """The newest known version in those fields."""
    return None if row is None else Latest(**row)


def from_first_shape(row: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a record written when there was one version and no upgrade.

    How its program was started is not in it: an upgrade takes that for the operator's own.
    """
    runtime = Runtime(row["runtime"])
    source = PackageSource(name=row["name"], runtime=runtime, version=row["requested_version"])
    build = None
    if row["version"] is not None:
        build = PackageBuild(
            install_dir=row["install_dir"],
            source=source,
            version=row["version"],
            integrity=row["integrity"],
            command="",
            args=(),
        )
    old = {"requested_version", "version", "integrity", "runtime", "install_dir"}
    return {
        **{name: value for name, value in row.items() if name not in old},
        "source": write_source(source),
        "build": _write_build(build),
        "work_dir": row["install_dir"] if build is None else None,
        "is_cancel_asked": False,
        **dict.fromkeys(("previous", "held", "last_diff", "error", "candidate", "upgraded_at")),
    }


def _write_build(build: PackageBuild | None) -> dict[str, Any] | None:
    if build is None:
        return None
    return {
        "install_dir": build.install_dir,
        "source": write_source(build.source),
        "version": build.version,
        "integrity": build.integrity,
        "command": build.command,
        "args": [*build.args],
        "requirements": [*build.requirements],
        "tools_json": _write_tools(build.tools),
    }


def _write_staged(staged: StagedUpgrade | None) -> dict[str, Any] | None:
    if staged is None:
        return None
    diff = None if staged.diff is None else asdict(staged.diff)
    return {"build": _write_build(staged.build), "diff": diff}


def _write_tools(tools: Sequence[Tool] | None) -> str | None:
    """The listing as text: schemas have keys with `$` and dots. None where it is too large."""
    if tools is None:
        return None
    text = orjson.dumps([tool.raw for tool in tools])
    return text.decode() if len(text) <= MAX_KEPT_TOOLS_BYTES else None


def _read_tools(text: str | None) -> tuple[Tool, ...] | None:
    if text is None:
        return None
    parsed = (parse_tool(entry) for entry in orjson.loads(text))
    return tuple(tool for tool in parsed if tool is not None)
