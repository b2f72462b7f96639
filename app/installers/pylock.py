"""The lock file that uv writes for an install (PEP 751): exact versions and hashes."""

import tomllib
from pathlib import Path

from packaging.utils import canonicalize_name

from app.domain.package import ResolvedVersion


def read_locked(path: Path, name: str) -> ResolvedVersion | None:
    """The version of that package, and the hash of the file that is installed for it.

    A lock file for one interpreter lists the one wheel that fits, and no wheel for a package
    that has to be built. None when the package is not in it.
    """
    packages = tomllib.loads(path.read_text(encoding="utf-8")).get("packages", [])
    for package in packages:
        if package.get("name") == canonicalize_name(name):
            wheels = package.get("wheels") or []
            file = wheels[0] if wheels else package.get("sdist", {})
            return ResolvedVersion(str(package.get("version")), _hash(file.get("hashes", {})))
    return None


def _hash(hashes: dict[str, str]) -> str | None:
    """As pip writes it: `sha256:…`, or the only other one there is."""
    for kind in ("sha256", *sorted(hashes)):
        if kind in hashes:
            return f"{kind}:{hashes[kind]}"
    return None
