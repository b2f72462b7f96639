"""`mcp-api openapi`."""

import sys
from pathlib import Path

import click

from app.rest.openapi_routes import document_text
from app.rest.routes import OPERATIONS


def run(check: str | None) -> None:
    """Print the document; or exit with 1 when the file `check` holds another one."""
    text = document_text(OPERATIONS).decode()
    if check is None:
        click.echo(text, nl=False)
    elif not Path(check).is_file() or Path(check).read_text(encoding="utf-8") != text:
        click.echo(f"{check} is not the document of this code. Run: make schema", err=True)
        sys.exit(1)
