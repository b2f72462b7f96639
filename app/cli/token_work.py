"""What `mcp-api tokens` does."""

import sys
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import click

from app.cli.audit_note import recorded
from app.cli.database_room import open_database
from app.cli.exit_code import run_to_exit
from app.cli.logs import configure_logging
from app.cli.machine import read_settings
from app.domain.api_token import ApiToken, NewToken
from app.domain.clock import utc_now
from app.domain.errors import AppError
from app.domain.policy import Action
from app.domain.principal import Role
from app.domain.seen_secrets import RecentSecrets
from app.models.tokens import MongoTokens
from app.mongo.database import Database
from app.resolvers.inputs import decode_opaque
from app.services.paging import every
from app.services.tokens import end_token, make_token

MAKER = "mcp-api tokens"


def create(
    *,
    name: str,
    role: str,
    user: str | None,
    groups: tuple[str, ...],
    act_for: tuple[str, ...],
    days: float | None,
) -> None:
    """Make a token, and print it alone on stdout."""
    wanted = NewToken(
        name=name,
        role=Role(role),
        username=name if user is None else user,
        groups=groups,
        act_for=act_for,
        expires_at=None if days is None else _after(days),
    )

    async def work(database: Database) -> int:
        made = make_token(MongoTokens(database), MAKER, wanted)
        token, text = await recorded(database, Action.CREATE_TOKEN, made, name)
        click.echo(
            f"Token {token.id} ({role}, for the user {wanted.username!r}). It is shown this once; "
            "send it as Authorization: Bearer <token>. Every request needs one from now on.",
            err=True,
        )
        click.echo(text)
        return 0

    sys.exit(run_to_exit(_in_room(work)))


def _after(days: float) -> datetime:
    try:
        return utc_now() + timedelta(days=days)
    except (OverflowError, ValueError):  # beyond the year 9999; not a number
        raise click.BadParameter(
            "must be a number of days that ends before the year 10000", param_hint="--days"
        ) from None


def show_all() -> None:
    """Print a row for each token."""

    async def work(database: Database) -> int:
        store = MongoTokens(database)
        click.echo(f"{'id':<18}{'role':<10}{'state':<9}{'expires':<18}{'last use':<18}name (user)")
        async for token in every(store.list_page, lambda token: token.id):
            click.echo(_row(token))
        return 0

    sys.exit(run_to_exit(_in_room(work)))


def revoke(given: str) -> None:
    """Revoke one, by its id as `list` or as GraphQL gives it."""
    token_id = _bare_id(given)

    async def work(database: Database) -> int:
        ended = end_token(MongoTokens(database), token_id)
        token = await recorded(database, Action.REVOKE_TOKEN, ended, token_id)
        click.echo(f"The token {token.grant.name!r} is refused from now on.")
        return 0

    sys.exit(run_to_exit(_in_room(work)))


async def _in_room(work: Callable[[Database], Awaitable[int]]) -> int:
    settings = read_settings()
    configure_logging(settings.log_level, RecentSecrets())
    async with open_database(settings) as database:
        return await work(database)


def _bare_id(given: str) -> str:
    try:
        kind, _, key = decode_opaque(given, "id").partition("\0")
    except AppError:
        return given
    return key if kind == "Token" else given


def _row(token: ApiToken) -> str:
    grant = token.grant
    state = "good" if token.is_good(utc_now()) else "expired"
    if token.revoked_at is not None:
        state = "revoked"
    times = f"{_short(grant.expires_at, 'never'):<18}{_short(token.last_used_at, '-'):<18}"
    return f"{token.id:<18}{grant.role:<10}{state:<9}{times}{grant.name} ({grant.username})"


def _short(at: datetime | None, otherwise: str) -> str:
    return otherwise if at is None else f"{at:%Y-%m-%d %H:%M}"
