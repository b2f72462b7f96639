"""What each worker writes for itself, and what is done with it when all have ended."""

from pathlib import Path

from app.processes.line_file import LineFile
from app.processes.worker_files import WorkerFiles, gather_leftovers


def test_no_two_workers_write_the_same_files(tmp_path: Path) -> None:
    files = [WorkerFiles(tmp_path, number) for number in (1, 2, 3)]
    assert len({f.secrets for f in files} | {f.backlog for f in files}) == 6


def test_records_that_any_worker_left_wait_with_the_first_ones(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        LineFile(WorkerFiles(tmp_path, number).backlog).write([b"record of %d" % number])
    gather_leftovers(tmp_path)
    first = LineFile(WorkerFiles(tmp_path).backlog)
    assert first.read() == [b"record of 1", b"record of 2", b"record of 3"]
    gather_leftovers(tmp_path)
    assert first.read() == [b"record of 1", b"record of 2", b"record of 3"]


def test_secrets_that_a_worker_left_in_files_are_gone(tmp_path: Path) -> None:
    left = WorkerFiles(tmp_path, 2).secrets / "child"
    left.mkdir(parents=True)
    (left / "key").write_text("a value")
    gather_leftovers(tmp_path)
    assert not left.parent.exists()
