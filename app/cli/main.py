"""`mcp-api`: the commands, imported only when they are used."""

import click

from app import __version__


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mcp-api")
def main() -> None:
    """MCP API: many users, many MCP servers, one HTTP door for GraphQL, REST and MCP."""


@main.command()
def serve() -> None:
    """Serve the product, by default on http://127.0.0.1:8080."""
    from app.cli.serve import run  # noqa: PLC0415 - other commands need not pay for it

    run()


@main.command()
@click.option("--check", type=click.Path(dir_okay=False), help="Compare with this file instead.")
def schema(check: str | None) -> None:
    """Print the GraphQL schema (SDL), or check that a file still holds it."""
    from app.cli.schema import run  # noqa: PLC0415 - other commands need not pay for it

    run(check)
