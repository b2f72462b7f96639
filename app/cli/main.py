"""`mcp-api`: the commands, imported only when they are used."""

import click

from app import __version__
from app.cli.audit_commands import audit
from app.cli.imports import import_config, import_node
from app.cli.packages import install, packages, rollback, uninstall, upgrade
from app.cli.tokens import tokens


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mcp-api")
def main() -> None:
    """MCP API: many users, many MCP servers, one HTTP door for GraphQL, REST and MCP."""


@main.command()
@click.option("--workers", type=int, help="How many processes serve.  [default: WORKERS, or 1]")
def serve(*, workers: int | None) -> None:
    """Serve the product, by default on http://127.0.0.1:8080."""
    from app.cli.serve import run  # noqa: PLC0415 - other commands need not pay for it

    run(workers)


@main.group()
def keys() -> None:
    """The deployment's keys: make one, see what needs which, bring all under the new one."""


@keys.command()
def make() -> None:
    """Print a new random key, for SECRETS_KEY."""
    from app.cli.keys import make  # noqa: PLC0415 - other commands need not pay for it

    make()


@keys.command()
def status() -> None:
    """Say what needs which key; exit with 1 when a key is missing."""
    from app.cli.keys import status  # noqa: PLC0415 - other commands need not pay for it

    status()


@keys.command()
def rotate() -> None:
    """Bring everything under the first key, also while the product serves."""
    from app.cli.keys import rotate  # noqa: PLC0415 - other commands need not pay for it

    rotate()


main.add_command(tokens)


@main.command()
@click.option("--check", type=click.Path(dir_okay=False), help="Compare with this file instead.")
@click.option("--reference", is_flag=True, help="The page about it (Markdown) instead of the SDL.")
@click.option(
    "--against",
    type=click.Path(dir_okay=False, exists=True),
    help="Say what would break clients of the schema in this file, and exit with 1 if something.",
)
def schema(*, check: str | None, reference: bool, against: str | None) -> None:
    """Print the GraphQL schema (SDL), or check that a file still holds it."""
    from app.cli.schema import run  # noqa: PLC0415 - other commands need not pay for it

    run(check=check, is_reference=reference, against=against)


@main.command()
@click.option("--check", type=click.Path(dir_okay=False), help="Compare with this file instead.")
def openapi(check: str | None) -> None:
    """Print the OpenAPI document of the REST routes, or check that a file still holds it."""
    from app.cli.openapi import run  # noqa: PLC0415 - other commands need not pay for it

    run(check)


for command in (audit, import_config, import_node, install, packages, rollback, uninstall, upgrade):
    main.add_command(command)
