"""`mcp-api install` and its like: what they take; the rest is imported late."""

import click

SERVER = click.argument("server_name", metavar="SERVER")


@click.command()
@click.argument("name")
@click.argument("args", nargs=-1)
@click.option("--as", "server_name", help="The server's name.  [default: made from the package's]")
@click.option("--version", default="latest", show_default=True, help="Exact, a range, or a tag.")
@click.option("--python", "is_python", is_flag=True, help="From PyPI instead of npm.")
@click.option("--with", "requirements", multiple=True, help="A further Python requirement: mcp<2")
@click.option("--module", help="The Python module to run instead of the package's program.")
@click.option("--command", help="The program to run instead of the package's own.")
@click.option("--index-url", help="The Python package index to use.")
@click.option("--registry", help="The npm registry to use.")
@click.option("--env", multiple=True, metavar="NAME=value", help="For the server; not for secrets.")
@click.option("--allow-scripts", is_flag=True, help="Let install scripts run.")
@click.option("--hold-breaking", is_flag=True, help="Let upgrades that change tools wait.")
@click.option("--disabled", is_flag=True, help="Do not let it be called yet.")
def install(
    *,
    name: str,
    args: tuple[str, ...],
    server_name: str | None,
    version: str,
    is_python: bool,
    requirements: tuple[str, ...],
    module: str | None,
    command: str | None,
    index_url: str | None,
    registry: str | None,
    env: tuple[str, ...],
    allow_scripts: bool,
    hold_breaking: bool,
    disabled: bool,
) -> None:
    """Install a package and make a server of it; ARGS go to its program, after a `--`.

    Works through the product that serves this data folder, or alone if none does.
    """
    from app.cli.package_run import InstallWish, run_install  # noqa: PLC0415 - others need not pay

    given = {
        "version": version,
        "runtime": "PYTHON" if is_python else "NODE",
        "args": [*args],
        "requirements": [*requirements],
        "pythonModule": module,
        "command": command,
        "indexUrl": index_url,
        "registry": registry,
        "allowScripts": allow_scripts,
        "upgradePolicy": "HOLD_BREAKING" if hold_breaking else "AUTOMATIC",
        "enabled": not disabled,
    }
    run_install(InstallWish(name=name, server_name=server_name, given=given, env=env))


@click.command()
@SERVER
@click.option("--version", help="Exact or a range.  [default: what was asked for before]")
@click.option("--dry-run", is_flag=True, help="Only prove it and show what it would change.")
@click.option("--approve", is_flag=True, help="Switch in the upgrade that is held.")
def upgrade(server_name: str, version: str | None, *, dry_run: bool, approve: bool) -> None:
    """Move a server's package to another version, once that has proved itself."""
    from app.cli.package_run import run_upgrade  # noqa: PLC0415 - as above

    run_upgrade(server_name, version=version, dry_run=dry_run, approve=approve)


@click.command()
@SERVER
def rollback(server_name: str) -> None:
    """Go back to the version before, without the network."""
    from app.cli.package_run import run_rollback  # noqa: PLC0415 - as above

    run_rollback(server_name)


@click.command()
@SERVER
@click.option("--keep-secrets", is_flag=True, help="Keep the users' secrets for it.")
@click.option("--yes", "is_sure", is_flag=True, help="Do not ask.")
def uninstall(server_name: str, *, keep_secrets: bool, is_sure: bool) -> None:
    """Remove a package with its server, sessions, files and, by default, secrets."""
    from app.cli.package_run import run_uninstall  # noqa: PLC0415 - as above

    run_uninstall(server_name, keep_secrets=keep_secrets, is_sure=is_sure)


@click.command()
@click.option("--check", is_flag=True, help="Ask the registries for newer versions.")
def packages(*, check: bool) -> None:
    """List the installed packages."""
    from app.cli.package_run import run_packages  # noqa: PLC0415 - as above

    run_packages(check=check)
