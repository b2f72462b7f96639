"""`mcp-api schema`."""

import sys
from pathlib import Path

import click
from graphql import GraphQLSchema, build_schema
from graphql.utilities import find_breaking_changes, find_dangerous_changes

from app.cli.schema_reference import reference
from app.resolvers import schema


def run(*, check: str | None, is_reference: bool, against: str | None) -> None:
    """Print the schema or the page about it; or compare, and exit with 1 when they differ."""
    strawberry_schema = schema.build_schema()
    text = strawberry_schema.as_str() + "\n"
    if against is not None:
        _compare(build_schema(Path(against).read_text(encoding="utf-8")), build_schema(text))
        return
    shown = reference(build_schema(text)) if is_reference else text
    if check is None:
        click.echo(shown, nl=False)
    elif not Path(check).is_file() or Path(check).read_text(encoding="utf-8") != shown:
        click.echo(f"{check} does not show the schema of this code. Run: make schema", err=True)
        sys.exit(1)


def _compare(released: GraphQLSchema, current: GraphQLSchema) -> None:
    """Say what would hurt clients of the last release."""
    for dangerous in find_dangerous_changes(released, current):
        click.echo(f"dangerous: {dangerous.description}", err=True)
    breaking = find_breaking_changes(released, current)
    for change in breaking:
        click.echo(f"breaking: {change.description}", err=True)
    if breaking:
        click.echo(
            "Deprecate instead of removing. What has to break is released by: make release-schema",
            err=True,
        )
        sys.exit(1)
