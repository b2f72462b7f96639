"""What the npm registry knows of a package, asked through `npm view`."""

from collections.abc import Mapping

import orjson

from app.domain.errors import AppError
from app.domain.npm import npm_precedence
from app.domain.package import LATEST, PackageSource, ResolvedVersion, Runtime
from app.domain.package_rules import nearest_versions
from app.installers.failures import (
    package_not_found,
    registry_unavailable,
    unanswered,
    version_not_found,
)
from app.installers.npm_client import QUIET
from app.installers.npm_failures import (
    NOT_FOUND,
    NPM,
    REGISTRY,
    error_code,
    why_npm_failed,
)
from app.installers.tool import Tool

VIEW = ("view", "--json", "--loglevel=error", *QUIET, "--")
OF_VERSIONS = ("version", "dist.integrity", "deprecated", "dist-tags")


async def resolve_npm(tool: Tool, source: PackageSource) -> ResolvedVersion:
    """The version that npm would install.

    Of a range that is `latest` where the range allows it, else the highest that is not
    deprecated, else the highest (npm-pick-manifest).

    Raises:
        AppError: PACKAGE_NOT_FOUND, VERSION_NOT_FOUND, REGISTRY_UNAVAILABLE or INSTALL_FAILED.
    """
    found = await _view(tool, source, f"{source.name}@{source.version}", *OF_VERSIONS)
    versions = [v for v in (found if isinstance(found, list) else [found]) if isinstance(v, dict)]
    best = max(versions, key=_preference, default=None)
    if best is None:
        raise await no_such_version(tool, source)
    integrity = best.get("dist.integrity")
    return ResolvedVersion(str(best["version"]), integrity if isinstance(integrity, str) else None)


async def no_such_version(tool: Tool, source: PackageSource) -> AppError:
    """Why there is nothing of that version: no such package, or which versions there are.

    Raises:
        AppError: REGISTRY_UNAVAILABLE or INSTALL_FAILED, when the registry does not tell.
    """
    found = await _view(tool, source, source.name, "versions", "dist-tags")
    if not isinstance(found, dict):
        return package_not_found(source, REGISTRY)
    versions = found.get("versions")
    # npm writes a list of one as that one.
    known = [versions] if isinstance(versions, str) else versions
    names = [str(version) for version in known] if isinstance(known, list) else []
    return version_not_found(source, nearest_versions(Runtime.NODE, source.version, names))


def _preference(version: Mapping[str, object]) -> tuple[bool, bool, object]:
    tags = version.get("dist-tags")
    latest = tags.get(LATEST) if isinstance(tags, dict) else None
    name = str(version.get("version"))
    return name == latest, not version.get("deprecated"), npm_precedence(name) or ((), False, ())


async def _view(tool: Tool, source: PackageSource, spec: str, *fields: str) -> object:
    """What `npm view` answers; None when there is no such thing."""
    finished = await tool.run(*VIEW, spec, *fields, is_output_kept=True)
    if finished.is_timeout:
        raise unanswered(NPM, tool.seconds)
    if not finished.is_good:
        code = error_code(finished.lines)
        if code == NOT_FOUND:
            return None
        raise why_npm_failed(source, code, finished.lines)
    if not finished.output.strip():
        return None
    try:
        answer: object = orjson.loads(finished.output)
    except orjson.JSONDecodeError:
        raise registry_unavailable(NPM, "its answer is no JSON") from None
    return answer
