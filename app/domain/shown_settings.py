"""What of a server's settings is shown, and what comes back of it."""

from collections.abc import Mapping
from dataclasses import replace

from app.domain.imports.credentials import is_credential
from app.domain.redaction import MASK
from app.domain.server import ServerSettings


def shown_settings(settings: ServerSettings) -> ServerSettings:
    """The settings with a mask for each variable and header that looks like a credential."""
    if not settings.env and not settings.headers:
        return settings
    return replace(settings, env=_masked(settings.env), headers=_masked(settings.headers))


def with_masked_kept(after: ServerSettings, before: ServerSettings) -> ServerSettings:
    """Changed settings in which a mask that was written back means: as it was."""
    return replace(
        after,
        env=_kept(after.env, before.env),
        headers=_kept(after.headers, before.headers),
    )


def _masked(values: Mapping[str, str]) -> dict[str, str]:
    return {name: MASK if is_credential(name, v) else v for name, v in values.items()}


def _kept(after: Mapping[str, str], before: Mapping[str, str]) -> dict[str, str]:
    return {name: before.get(name, v) if v == MASK else v for name, v in after.items()}
