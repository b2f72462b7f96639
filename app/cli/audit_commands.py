"""`mcp-api audit`: what it takes; the work is imported late."""

from datetime import datetime

import click


@click.group()
def audit() -> None:
    """The record of what was done."""


@audit.command()
@click.option("--since", type=click.DateTime(), help="Over at this time or later, in UTC.")
@click.option("--until", type=click.DateTime(), help="Over before this time, in UTC.")
@click.option("--principal", help="Done by this caller.")
@click.option("--username", help="Done for this user.")
@click.option("--server", "server_name", help="Concerning this server.")
@click.option("--action", help="Of this kind, such as call_tool.")
@click.option("--outcome", help="That went this way: OK, TOOL_ERROR, REPLAYED, or an error code.")
def export(
    *, since: datetime | None, until: datetime | None, action: str | None, **names: str | None
) -> None:
    """Print the records as JSON lines, oldest first, also while the product serves."""
    from app.cli.audit import export  # noqa: PLC0415 - other commands need not pay for it

    export(since=since, until=until, action=action, **names)
