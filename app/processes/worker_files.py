"""The files in a data folder that each process writes for itself, told apart by worker."""

import shutil
from pathlib import Path

from app.processes.line_file import LineFile


class WorkerFiles:
    """One worker's; the first has the plain names, as a process that is alone does."""

    def __init__(self, folder: Path, worker: int = 1) -> None:
        number = "" if worker == 1 else f"-{worker}"
        self.secrets = folder / f"secret-files{number}"
        """For secrets that children read from files."""
        self.backlog = folder / f"audit-backlog{number}.jsonl"
        """For audit records that wait for the database."""


def gather_leftovers(folder: Path) -> None:
    """After the end of all workers: what some have left goes, or is the first one's to finish."""
    for secrets in folder.glob("secret-files-*"):
        shutil.rmtree(secrets, ignore_errors=True)
    others = sorted(folder.glob("audit-backlog-*.jsonl"))
    if not others:
        return
    first = LineFile(WorkerFiles(folder).backlog)
    first.write([*first.read(), *(line for path in others for line in LineFile(path).read())])
    for path in others:
        path.unlink()
