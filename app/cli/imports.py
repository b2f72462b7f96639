"""`mcp-api import-config` and `mcp-api import-node`: what they take, imported late."""

from pathlib import Path

import click

URL = click.option("--url", help="Where the running MCP API is.  [default: http://127.0.0.1:$PORT]")
APPLY = click.option("--apply", "is_applied", is_flag=True, help="Do it, not only say it.")


@click.command("import-config")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--user", required=True, help="Whose secrets the credentials in the file become.")
@click.option(
    "--keep-args",
    is_flag=True,
    help="Keep what looks like a credential in args and addresses, where all can see it.",
)
@URL
@APPLY
def import_config(
    file: Path, user: str, url: str | None, *, keep_args: bool, is_applied: bool
) -> None:
    """Move in from a Claude Desktop, Cursor or VS Code file; without --apply only say how."""
    from app.cli.import_run import run_config  # noqa: PLC0415 - other commands need not pay for it

    run_config(file, user, url, keeps_arguments=keep_args, is_applied=is_applied)


@click.command("import-node")
@click.option(
    "--from-uri",
    required=True,
    envvar="FROM_MONGODB_URI",
    help="The original's MongoDB, or FROM_MONGODB_URI: an address with a password is better off "
    "there. It is only read.",
)
@click.option("--from-db", default="mcp", show_default=True, help="Its database.")
@click.option("--from-secrets-db", help="Its database for secrets.  [default: --from-db]")
@click.option(
    "--old-key-env",
    default="SECRETS_KEY_OLD",
    show_default=True,
    help="The environment variable that holds the original's SECRETS_KEY.",
)
@click.option("--collections", help="servers=…,packages=…,secrets=… where they are not found.")
@URL
@APPLY
def import_node(
    *,
    from_uri: str,
    from_db: str,
    from_secrets_db: str | None,
    old_key_env: str,
    collections: str | None,
    url: str | None,
    is_applied: bool,
) -> None:
    """Move in from the original Node project's database; without --apply only say how."""
    from app.cli.import_run import NodeOptions, run_node  # noqa: PLC0415 - as above

    options = NodeOptions(
        uri=from_uri,
        database=from_db,
        secrets_database=from_secrets_db or from_db,
        key_variable=old_key_env,
        collections=collections or "",
    )
    run_node(options, url, is_applied=is_applied)
