"""From the work of a command to its exit code."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import click

from app.cli.machine import CannotStart
from app.domain.errors import AppError
from app.mongo.binary import NoMongod
from app.mongo.database import BadDatabaseUri
from app.mongo.embedded import EmbeddedMongoFailed
from app.vault.passphrase import KeyProblem

PROBLEMS = (
    AppError, BadDatabaseUri, CannotStart, EmbeddedMongoFailed, KeyProblem, NoMongod,
    PermissionError,
)  # fmt: skip


def run_to_exit(work: Coroutine[Any, Any, int]) -> int:
    """The exit code of the work; 1, and one sentence, when it cannot be done."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        return 130
    except PROBLEMS as problem:
        told = problem.sentence() if isinstance(problem, AppError) else str(problem)
        click.echo(f"mcp-api: {told}", err=True)
        return 1
