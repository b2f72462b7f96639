"""Carrying out an import: read, plan, place, report."""

import asyncio
import os
import sys
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path

import click

from app.cli.import_client import ClientProblem, ImportClient
from app.cli.import_report import place
from app.cli.machine import CannotStart, read_settings
from app.domain.errors import AppError
from app.domain.imports.config_file import parse_config
from app.domain.imports.config_plan import ConfigWish, plan_config
from app.domain.imports.node_plan import plan_node
from app.domain.imports.node_read import Opened, read_documents
from app.domain.imports.plan import Plan
from app.domain.names import check_username
from app.mongo.node_source import SIGNS, NodePlace, NodeSourceProblem, read_node_documents
from app.vault.node_format import NodeTextError, open_node_text

PROBLEMS = (AppError, CannotStart, ClientProblem, NodeSourceProblem)
MAX_FILE_BYTES = 4 * 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeOptions:
    """Where the original's things are, as the command line says it."""

    uri: str = field(repr=False)
    database: str
    secrets_database: str
    key_variable: str
    collections: str


def run_config(
    file: Path, user: str, url: str | None, *, keeps_arguments: bool, is_applied: bool
) -> None:
    """Import a file; exits with 1 when something could not be placed."""
    wish = ConfigWish(username=user, keeps_arguments=keeps_arguments)
    sys.exit(_finish(_import_config(file, wish, url, is_applied=is_applied)))


def run_node(options: NodeOptions, url: str | None, *, is_applied: bool) -> None:
    """Import an original deployment; exits with 1 when something could not be placed."""
    sys.exit(_finish(_import_node(options, url, is_applied=is_applied)))


def _finish(work: Coroutine[None, None, int]) -> int:
    """The exit code of the work; 1, and one sentence, when it cannot be done."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        return 130
    except PROBLEMS as problem:
        told = problem.sentence() if isinstance(problem, AppError) else str(problem)
        click.echo(f"mcp-api: {told}", err=True)
        return 1


async def _import_config(file: Path, wish: ConfigWish, url: str | None, *, is_applied: bool) -> int:
    check_username(wish.username)
    plan = plan_config(parse_config(_read(file)), wish)
    return await _place(plan, url, is_applied=is_applied)


async def _import_node(options: NodeOptions, url: str | None, *, is_applied: bool) -> int:
    passphrase = os.environ.get(options.key_variable, "")
    if not passphrase:
        raise CannotStart(
            f"{options.key_variable} is not set. Set it to the original's SECRETS_KEY, or name "
            "another variable with --old-key-env."
        )
    documents = await read_node_documents(
        NodePlace(
            uri=options.uri,
            database=options.database,
            secrets_database=options.secrets_database,
            collections=_collections(options.collections),
        )
    )
    for source in documents.sources:
        click.echo(f"Read {source}")

    def open_text(text: str) -> Opened:
        try:
            return Opened(open_node_text(passphrase, text))
        except NodeTextError as problem:
            return Opened(None, str(problem))

    rows, unreadable = read_documents(documents, open_text)
    plan = plan_node(rows)
    plan = Plan(wanted=plan.wanted, unplaced=(*unreadable, *plan.unplaced))
    return await _place(plan, url, is_applied=is_applied)


async def _place(plan: Plan, url: str | None, *, is_applied: bool) -> int:
    async with ImportClient(url or _default_url()) as client:
        return await place(plan, client, click.echo, is_applied=is_applied)


def _default_url() -> str:
    port = read_settings().port
    if port == 0:
        raise CannotStart("PORT is 0, so say where MCP API is with --url.")
    return f"http://127.0.0.1:{port}"


def _read(file: Path) -> str:
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise CannotStart(f"{file} is too large for a configuration.")
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise CannotStart(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise CannotStart(f"{file} is not UTF-8 text.") from None


def _collections(text: str) -> dict[str, str]:
    found = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        kind, equals, name = part.partition("=")
        if kind not in SIGNS or not equals or not name:
            raise CannotStart("--collections must be like servers=a,packages=b,secrets=c.")
        found[kind] = name
    return found
