"""`mcp-api audit`."""

import asyncio
import sys
from datetime import UTC, datetime

import click

from app.cli.database import PROBLEMS, open_database
from app.cli.logs import configure_logging
from app.cli.machine import read_settings
from app.domain.audit import AuditFilter
from app.domain.audit_lines import to_line
from app.domain.errors import AppError
from app.domain.policy import Action
from app.domain.seen_secrets import RecentSecrets
from app.models.audit import MongoAudit


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
    sys.exit(_run(only))


def _run(only: AuditFilter) -> int:
    try:
        asyncio.run(_export(only))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever reads has enough
        sys.stderr.close()
        return 0
    except PROBLEMS as problem:
        told = problem.sentence() if isinstance(problem, AppError) else str(problem)
        click.echo(f"mcp-api: {told}", err=True)
        return 1
    return 0


async def _export(only: AuditFilter) -> None:
    settings = read_settings()
    configure_logging(settings.log_level, RecentSecrets())
    async with open_database(settings) as database:
        records = MongoAudit(database).stream(only)
        async for record in records:
            sys.stdout.buffer.write(to_line(record) + b"\n")
    sys.stdout.buffer.flush()
