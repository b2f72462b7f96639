"""`mcp-api audit`."""

import sys
from datetime import UTC, datetime

import click

from app.cli.database_room import open_database
from app.cli.exit_code import run_to_exit
from app.cli.logs import configure_logging
from app.cli.machine import CannotStart, read_settings
from app.domain.audit import AuditFilter
from app.domain.audit_lines import to_line
from app.domain.policy import Action
from app.domain.seen_secrets import RecentSecrets
from app.models.audit import MongoAudit
from app.mongo.process import has_database


def export(
    *, since: datetime | None, until: datetime | None, action: str | None, **names: str | None
) -> None:
    """Print the records that are meant, oldest first; exit with 1 when that is not possible."""
    if action is not None and action not in set(Action):
        known = ", ".join(action.value for action in Action)
        raise click.BadParameter(
            f"there is no {action!r}; there are {known}", param_hint="--action"
        )
    only = AuditFilter(
        since=None if since is None else since.replace(tzinfo=UTC),
        until=None if until is None else until.replace(tzinfo=UTC),
        action=None if action is None else Action(action),
        **names,
    )
    sys.exit(run_to_exit(_export(only)))


async def _export(only: AuditFilter) -> int:
    settings = read_settings()
    configure_logging(settings.log_level, RecentSecrets())
    folder = settings.data_dir.absolute()
    if settings.database_uri is None and not has_database(folder):
        raise CannotStart(f"There is no database in {folder} yet.")
    async with open_database(settings) as database:
        async for record in MongoAudit(database).stream(only):
            sys.stdout.buffer.write(to_line(record) + b"\n")
        sys.stdout.buffer.flush()
    return 0
