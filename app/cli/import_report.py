"""Placing a plan, or saying what would be placed, row by row."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from urllib.parse import urlsplit

from app.domain.imports.plan import Existing, Plan, Wanted, WantedSecret, differences
from app.domain.package import InstallRequest
from app.domain.redaction import SHORTEST_IN_LOGS, mask_text, spellings
from app.domain.secret import SecretRef
from app.domain.server import ServerSettings


class Mark(StrEnum):
    """What became of a row."""

    WOULD = "would do"
    DONE = "done"
    THERE = "already there"
    TO_SET = "to be set"
    NOT = "cannot be placed"


WIDTH = max(len(mark) for mark in Mark) + 2


class Product(Protocol):
    """The running product."""

    async def servers(self) -> dict[str, Existing]:
        """Every server, by name."""
        ...

    async def secrets(self, username: str) -> set[SecretRef]:
        """Which secrets a user has."""
        ...

    async def install(self, request: InstallRequest) -> str | None:
        """Install a package; why not, when it could not be."""
        ...

    async def add(self, settings: ServerSettings) -> str | None:
        """Add a server; why not, when it could not be."""
        ...

    async def set_secret(self, secret: WantedSecret) -> str | None:
        """Store a secret; why not, when it could not be."""
        ...


@dataclass(slots=True)
class Report:
    """Rows as they come about, on their way to the terminal; values in them are masked."""

    echo: Callable[[str], object]
    forms: Sequence[str]
    counts: Counter[Mark] = field(default_factory=Counter)

    def row(self, mark: Mark, what: str, why: str = "") -> None:
        """One row."""
        self.counts[mark] += 1
        self._print(f"{mark.value:<{WIDTH}}{what}" + (f": {why}" if why else ""))

    def note(self, text: str) -> None:
        """Something to know about the row before."""
        self._print(f"{'':<{WIDTH}}  {text}")

    def end(self, *, is_applied: bool) -> int:
        """The last line, and the exit code."""
        told = ", ".join(f"{self.counts[mark]} {mark.value}" for mark in Mark if self.counts[mark])
        self._print(f"{told or 'nothing found'}.")
        if not is_applied and self.counts[Mark.WOULD]:
            self._print("Nothing was changed. To do it: the same with --apply")
        elif not self.counts[Mark.DONE] and not self.counts[Mark.WOULD]:
            is_whole = not self.counts[Mark.NOT]
            self._print(f"Nothing was changed{': there is nothing to do' * is_whole}.")
        return int(self.counts[Mark.NOT] > 0)

    def _print(self, text: str) -> None:
        masked = mask_text(text, self.forms)
        self.echo("".join(c if c.isprintable() else "?" for c in masked))


async def place(
    plan: Plan, product: Product, echo: Callable[[str], object], *, is_applied: bool
) -> int:
    """Place everything that is not there yet, or only say so; the exit code."""
    forms = spellings(plan.values(), shortest=SHORTEST_IN_LOGS)
    report = Report(echo, forms)
    servers = await product.servers()
    secrets: set[SecretRef] = set()
    for username in plan.usernames():
        secrets |= await product.secrets(username)
    for entry in plan.wanted:
        why = await _place_server(entry, servers, product, report, is_applied=is_applied)
        for secret in entry.secrets:
            if secret.ref in secrets:
                report.row(Mark.THERE, _named(secret))
            else:
                await _place_secret(secret, why, product, report, is_applied=is_applied)
    for row in plan.unplaced:
        report.row(Mark.NOT, row.what, row.why)
    return report.end(is_applied=is_applied)


async def _place_server(
    entry: Wanted,
    servers: dict[str, Existing],
    product: Product,
    report: Report,
    *,
    is_applied: bool,
) -> str | None:
    """Why its secrets cannot be placed; None when they can."""
    target, there = entry.target, servers.get(entry.server_name)
    what = _told(target)
    if there is not None:
        return _compared(entry, there, report)
    why = await _placed(target, product) if is_applied else None
    if why is not None:
        report.row(Mark.NOT, what, why)
    else:
        report.row(Mark.DONE if is_applied else Mark.WOULD, what)
    for note in entry.notes:
        report.note(note)
    return why


def _compared(entry: Wanted, there: Existing, report: Report) -> str | None:
    """Why the secrets are not for the server that is there; None when it is the wanted one."""
    what, differing = _told(entry.target), ", ".join(differences(entry.target, there))
    if not differing:
        report.row(Mark.THERE, what)
        return None
    why = f"There is a server of that name, which differs in {differing}; it is left as it is."
    report.row(Mark.NOT, what, why)
    return why


async def _placed(target: InstallRequest | ServerSettings, product: Product) -> str | None:
    if isinstance(target, InstallRequest):
        return await product.install(target)
    return await product.add(target)


async def _place_secret(
    secret: WantedSecret, why: str | None, product: Product, report: Report, *, is_applied: bool
) -> None:
    if why is not None:
        report.row(Mark.NOT, _named(secret), "Its server is not there.")
    elif secret.value is None:
        report.row(Mark.TO_SET, _named(secret), secret.hint)
    elif is_applied:
        problem = await product.set_secret(secret)
        report.row(Mark.DONE if problem is None else Mark.NOT, _named(secret), problem or "")
    else:
        report.row(Mark.WOULD, _named(secret))


def _told(target: InstallRequest | ServerSettings) -> str:
    ways = [f"{b.name} ({b.delivery.name})" for b in target.secrets]
    wants = f", wants {', '.join(ways)}" if ways else ""
    if isinstance(target, InstallRequest):
        source = target.source
        return f"server {target.server_name!r}: package {source.name} {source.version}{wants}"
    if target.url is None:
        # The rest of a command, and what is set in one, may hold what nobody is to see.
        program = next((w for w in (target.command or "").split() if "=" not in w), "")
        return f"server {target.name!r}: command {program}{wants}"
    return f"server {target.name!r}: {target.transport} at {urlsplit(target.url).hostname}{wants}"


def _named(secret: WantedSecret) -> str:
    ref = secret.ref
    return f"secret {ref.name!r} of {ref.username!r} for {ref.server_name!r}"
