"""`mcp-api tokens`: the commands; what they do is imported only when they are used."""

import click


@click.group()
def tokens() -> None:
    """API tokens: make one, see which there are, revoke one. Also while the product serves."""


@tokens.command()
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(("admin", "operator", "user", "service")),
    default="admin",
    show_default=True,
    help="What its bearer may do.",
)
@click.option("--user", help="The user that it speaks for; by default its name.")
@click.option("--group", "groups", multiple=True, help="A group of its bearer; repeatable.")
@click.option(
    "--act-for",
    multiple=True,
    help="A user that a service may name, or '*' for any; repeatable.",
)
@click.option("--days", type=click.FloatRange(min=0, min_open=True), help="How long it is good.")
def create(
    *,
    name: str,
    role: str,
    user: str | None,
    groups: tuple[str, ...],
    act_for: tuple[str, ...],
    days: float | None,
) -> None:
    """Make the token NAME and print it, this once."""
    from app.cli.token_work import create  # noqa: PLC0415 - other commands need not pay for it

    create(name=name, role=role, user=user, groups=groups, act_for=act_for, days=days)


@tokens.command(name="list")
def list_() -> None:
    """Say which tokens there are; never their texts."""
    from app.cli.token_work import show_all  # noqa: PLC0415 - other commands need not pay for it

    show_all()


@tokens.command()
@click.argument("token_id", metavar="ID")
def revoke(token_id: str) -> None:
    """Refuse the token ID from now on: its id in `tokens list`, or in GraphQL."""
    from app.cli.token_work import revoke  # noqa: PLC0415 - other commands need not pay for it

    revoke(token_id)
