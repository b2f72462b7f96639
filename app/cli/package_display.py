"""How the work on a package looks on a terminal, and in a log file."""

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

PHASES = ("RESOLVING", "DOWNLOADING", "INSTALLING", "VERIFYING", "SWITCHING", "DONE")
DESCRIPTION_CHARACTERS = 60


class WorkDisplay:
    """A bar over the phases and the installer's last line; without a terminal, plain lines."""

    def __init__(self, console: Console, what: str) -> None:
        self._console = console
        self._what = what
        self._phase = ""
        self._reached = 0
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            TextColumn("{task.fields[line]}", markup=False, style="dim"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task(what, total=len(PHASES) - 1, line="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def show(self, phase: str, message: str) -> None:
        """One event."""
        if phase in PHASES:
            self._progress.update(
                self._task,
                completed=self._furthest(phase),
                description=f"{self._what}: {phase.lower()}",
                line=_printable(message)[:80],
            )
        if not self._console.is_terminal and phase != self._phase:
            told = f"{phase.lower():<12}{_printable(message)}"
            self._console.print(told, markup=False, soft_wrap=True)
        self._phase = phase

    def _furthest(self, phase: str) -> int:
        """How far it is: what an installer fetches late is no step back."""
        self._reached = max(self._reached, PHASES.index(phase))
        return self._reached


def show_done(console: Console, done: Mapping[str, Any], verb: str) -> None:
    """What serves now, with its tools."""
    package, server = done["package"], done["server"]
    tools = server["tools"]["nodes"]
    console.print(
        f"[green]{verb}[/green] {escape(package['name'])} {escape(package['version'])} "
        f"as server [bold]{escape(server['name'])}[/bold], with {_count(len(tools), 'tool')}",
        soft_wrap=True,
    )
    width = max((len(tool["name"]) for tool in tools), default=0)
    for tool in tools:
        first = _printable((tool["description"] or "").strip().partition("\n")[0])
        if len(first) > DESCRIPTION_CHARACTERS:
            first = first[: DESCRIPTION_CHARACTERS - 1] + "…"
        told = f"  {_printable(tool['name']):<{width}}  {first}"
        console.print(Text(told.rstrip()), soft_wrap=True)


def show_diff(console: Console, diff: Mapping[str, Any] | None) -> None:
    """What a version changes about the tools."""
    if diff is None:
        console.print("Its tools are not known: the server needs a user's secrets to start.")
        return
    if not any(diff.values()):
        console.print("Its tools are the same.")
    for sign, style, names in (("+", "green", diff["added"]), ("-", "red", diff["removed"])):
        for name in names:
            console.print(Text(f"  {sign} {_printable(name)}", style=style))
    for change in diff["changed"]:
        told = ", ".join(aspect.lower().replace("_", " ") for aspect in change["aspects"])
        console.print(Text(f"  ~ {_printable(change['name'])}: {told}", style="yellow"))
        for detail in change["details"]:
            console.print(Text(f"      {_printable(detail)}"))


def show_packages(console: Console, packages: Sequence[Mapping[str, Any]]) -> None:
    """A table of packages."""
    if not packages:
        console.print("No package is installed.")
        return
    table = Table("server", "package", "version", "newest", "runtime", "status", box=None)
    for package in packages:
        newest = package["latestVersion"] or ""
        table.add_row(
            package["serverName"],
            package["name"],
            package["version"] or "",
            f"{newest} (newer)" if package["updateAvailable"] else newest,
            package["runtime"].lower(),
            _state(package),
        )
    console.print(table)


def _state(package: Mapping[str, Any]) -> str:
    held, error = package["heldUpgrade"], package["error"]
    words = [str(package["status"]).lower()]
    words += [] if held is None else [f"{held['version']} waits for approval"]
    return escape("; ".join([*words, *([_printable(error)] if error else [])]))


def _printable(text: str) -> str:
    """What others wrote, without anything that moves the cursor."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
