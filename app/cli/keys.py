"""`mcp-api keys`."""

import sys
from collections.abc import Awaitable, Callable, Sequence

import click

from app.cli.audit_note import recorded
from app.cli.exit_code import run_to_exit
from app.cli.key_room import KeyRoom, open_key_room
from app.cli.logs import configure_logging
from app.cli.machine import read_settings
from app.domain.data_key import KeyUsage, RotationProgress
from app.domain.policy import Action
from app.domain.seen_secrets import RecentSecrets
from app.services.rotation import key_usage, rotate_keys
from app.vault.keys import make_key


def make() -> None:
    """Print a new random key."""
    click.echo(make_key())


def status() -> None:
    """Print what needs which key; exit with 1 when one is missing."""
    sys.exit(_run(_status))


def rotate() -> None:
    """Bring everything under the sealing key; exit with 1 when something is left."""
    sys.exit(_run(_rotate))


def _run(work: Callable[[KeyRoom], Awaitable[int]]) -> int:
    return run_to_exit(_in_room(work))


async def _in_room(work: Callable[[KeyRoom], Awaitable[int]]) -> int:
    settings = read_settings()
    configure_logging(settings.log_level, RecentSecrets())
    async with open_key_room(settings) as room:
        return await work(room)


async def _status(room: KeyRoom) -> int:
    usages = await key_usage(room)
    click.echo(f"{'key':<14}{'state':<9}{'data keys':>9}{'v1 secrets':>12}")
    for usage in usages:
        numbers = f"{usage.data_keys:>9}{usage.v1_secrets:>12}"
        click.echo(f"{usage.key_id:<14}{_state(usage):<9}{numbers}")
    for line in _advice(usages):
        click.echo(line)
    return int(any(not usage.is_known for usage in usages))


async def _rotate(room: KeyRoom) -> int:
    work = rotate_keys(room, _show)
    finished = await recorded(room.database, Action.ROTATE_KEYS, work)
    if finished.left == 0:
        click.echo("Everything is under the sealing key.")
        return 0
    click.echo(
        f"{finished.left} are not under the sealing key; {finished.unreadable} of them could not "
        "be opened. See: mcp-api keys status"
    )
    return 1


def _show(progress: RotationProgress) -> None:
    if not progress.is_finished:
        click.echo(f"{progress.done} of {progress.total} done, {progress.left} left")


def _state(usage: KeyUsage) -> str:
    if usage.is_sealing:
        return "seals"
    return "opens" if usage.is_known else "MISSING"


def _advice(usages: Sequence[KeyUsage]) -> list[str]:
    lines = []
    for usage in usages:
        if not usage.is_known:
            lines.append(f"Add the key {usage.key_id} to SECRETS_KEYS_OLD: it is needed.")
        elif not usage.is_sealing and not usage.is_needed:
            lines.append(f"Nothing needs the key {usage.key_id}: it can be dropped.")
    if any(u.is_needed and u.is_known and not u.is_sealing for u in usages) or any(
        u.is_sealing and u.v1_secrets for u in usages
    ):
        lines.append("To bring everything under the sealing key: mcp-api keys rotate")
    return lines
