"""Carrying out the commands on packages."""

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import click
from rich.console import Console

from app.cli.machine import CannotStart, read_settings
from app.cli.package_client import (
    CANCEL,
    INSTALL,
    PREVIEW,
    ROLL_BACK,
    UNINSTALL,
    UPGRADE,
    PackageClient,
    PackageProblem,
)
from app.cli.package_display import WorkDisplay, show_diff, show_done, show_packages
from app.cli.package_room import open_package_room
from app.domain.errors import AppError
from app.domain.imports.naming import fit_server_names
from app.mongo.binary import NoMongod
from app.mongo.database import BadDatabaseUri
from app.mongo.embedded import EmbeddedMongoFailed
from app.vault.passphrase import KeyProblem

PROBLEMS = (
    AppError, BadDatabaseUri, CannotStart, EmbeddedMongoFailed, KeyProblem, NoMongod,
    PackageProblem, PermissionError,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallWish:
    """What the command line says; `given` goes to installPackage as it is."""

    name: str
    server_name: str | None
    given: Mapping[str, object]
    env: tuple[str, ...] = field(repr=False)


def run_install(wish: InstallWish) -> None:
    """Install, and show the tools that were found."""
    sys.exit(_run(lambda client, console: _install(client, console, wish)))


def run_upgrade(server_name: str, *, version: str | None, dry_run: bool, approve: bool) -> None:
    """Upgrade one package, and show what changed."""
    given = {"version": version, "dryRun": dry_run, "approve": approve}
    sys.exit(_run(lambda client, console: _move(client, console, UPGRADE, server_name, given)))


def run_rollback(server_name: str) -> None:
    """Go back to the version before."""
    sys.exit(_run(lambda client, console: _move(client, console, ROLL_BACK, server_name, {})))


def run_uninstall(server_name: str, *, keep_secrets: bool, is_sure: bool) -> None:
    """Show what would go, ask, and remove it."""
    sys.exit(
        _run(
            lambda client, console: _uninstall(
                client, console, server_name, keep_secrets=keep_secrets, is_sure=is_sure
            )
        )
    )


def run_packages(*, check: bool) -> None:
    """List what is installed."""
    sys.exit(_run(lambda client, console: _list(client, console, check=check)))


def _run(work: Callable[[PackageClient, Console], Awaitable[int]]) -> int:
    """The exit code of the work; 1, and one sentence, when it cannot be done."""
    try:
        return asyncio.run(_in_room(work))
    except KeyboardInterrupt:
        click.echo("mcp-api: cancelled; nothing was changed.", err=True)
        return 130
    except PROBLEMS as problem:
        told = problem.sentence() if isinstance(problem, AppError) else str(problem)
        click.echo(f"mcp-api: {told}", err=True)
        return 1


async def _in_room(work: Callable[[PackageClient, Console], Awaitable[int]]) -> int:
    async with open_package_room(read_settings()) as client:
        return await work(client, Console(highlight=False))


async def _install(client: PackageClient, console: Console, wish: InstallWish) -> int:
    (own,) = fit_server_names([wish.name.rpartition("/")[2]]).values()
    server_name = wish.server_name or own
    given = {"packageName": wish.name, "serverName": server_name, "env": _environment(wish.env)}
    what = f"{wish.name} as {server_name}"
    with WorkDisplay(console, what) as display:
        done = await _with_progress(client, display, INSTALL, {**given, **wish.given})
    show_done(console, done, "Installed")
    return 0


async def _move(
    client: PackageClient,
    console: Console,
    mutation: str,
    server_name: str,
    given: Mapping[str, object],
) -> int:
    given = {"serverName": server_name, **given}
    with WorkDisplay(console, server_name) as display:
        done = await _with_progress(client, display, mutation, given)
    show_diff(console, done["toolDiff"])
    if done["switched"]:
        show_done(console, done, "Now")
    elif given.get("dryRun"):
        console.print(f"{done['version']} starts. Nothing was changed.", markup=False)
    else:
        console.print(f"{done['version']} is installed already.", markup=False)
    return 0


async def _uninstall(
    client: PackageClient, console: Console, server_name: str, *, keep_secrets: bool, is_sure: bool
) -> int:
    preview = await client.read(PREVIEW, serverName=server_name)
    if preview is None:
        raise PackageProblem(f"There is no package behind a server named {server_name!r}.")
    package, users = preview["package"], len(preview["users"])
    console.print(
        f"{package['name']} {package['version']}: {len(preview['tools'])} tools, "
        f"{preview['liveSessions']} live sessions, {len(preview['folders'])} folders, "
        f"secrets of {users} users{' (they stay)' if keep_secrets and users else ''}.",
        markup=False,
    )
    if not is_sure and not click.confirm(f"Remove server {server_name!r}?"):
        return 1
    await client.change(UNINSTALL, serverName=server_name, keepSecrets=keep_secrets)
    console.print(f"Removed {server_name}.", markup=False)
    return 0


async def _list(client: PackageClient, console: Console, *, check: bool) -> int:
    show_packages(console, await client.packages(check=check))
    return 0


async def _with_progress(
    client: PackageClient, display: WorkDisplay, mutation: str, given: Mapping[str, object]
) -> Mapping[str, Any]:
    """What the mutation did; meanwhile its progress is shown, and Ctrl-C cancels it."""
    server_name = str(given["serverName"])
    watching = asyncio.create_task(_watch(client, server_name, display))
    try:
        return await client.change(mutation, **given)
    except asyncio.CancelledError:
        with contextlib.suppress(PackageProblem):
            await client.change(CANCEL, serverName=server_name)
        raise
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _watch(client: PackageClient, server_name: str, display: WorkDisplay) -> None:
    async with aclosing(client.progress(server_name)) as events:
        async for phase, message in events:
            display.show(phase, message)


def _environment(pairs: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise PackageProblem("--env must be like NAME=value.")
        found[name] = value
    return found
