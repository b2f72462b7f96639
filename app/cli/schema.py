"""`mcp-api schema`."""

import sys
from pathlib import Path

import click

from app.resolvers.schema import build_schema


def run(check: str | None) -> None:
    """Print the schema; or exit with 1 when the file `check` holds another one."""
    text = build_schema().as_str() + "\n"
    if check is None:
        click.echo(text, nl=False)
    elif not Path(check).is_file() or Path(check).read_text(encoding="utf-8") != text:
        click.echo(f"{check} is not the schema of this code. Run: make schema", err=True)
        sys.exit(1)
