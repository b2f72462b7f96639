"""How to launch the servers in tests/servers."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.domain.launch import Launch, StdioLaunch
from app.domain.session import SessionKey, SessionPlan

SERVERS = Path(__file__).parent / "servers"
SUBJECT = SERVERS / "subject.py"
FINGERPRINT = SERVERS / "fingerprint.py"
EVERYTHING = SERVERS / "everything.py"
KEYED = SERVERS / "keyed.py"
LISTED = SERVERS / "listed.py"


def launch(
    script: Path,
    *args: str,
    env: Mapping[str, str] | None = None,
    startup_timeout_seconds: float = 20.0,
) -> StdioLaunch:
    """The launch of a script; `-S` makes it start in a few milliseconds."""
    return StdioLaunch(
        command=sys.executable,
        args=("-S", str(script), *args),
        env=env or {},
        cwd=None,
        startup_timeout_seconds=startup_timeout_seconds,
    )


def subject(mode: str = "plain", record: Path | None = None, **options: Any) -> StdioLaunch:
    """The launch of the misbehaving server in that mode."""
    return launch(SUBJECT, mode, *([] if record is None else [str(record)]), **options)


def plan(how: Launch, *, revision: str = "r", owner: str | None = None, **more: Any) -> SessionPlan:
    """The plan of a session of the server `s`; one without an owner is kept alive."""
    more = {"is_kept_alive": owner is None, **more}
    return SessionPlan(key=SessionKey("s", revision, owner), launch=how, **more)


def records(path: Path) -> list[dict[str, Any]]:
    """What a subject has recorded so far."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def recorded(path: Path, key: str) -> int:
    """The process id a subject has recorded under that key."""
    return int(next(entry[key] for entry in records(path) if key in entry))


def text_of(result: Mapping[str, object]) -> str:
    """The text of a tool's answer with one text block."""
    content = result["content"]
    assert isinstance(content, list)
    text = content[0]["text"]
    assert isinstance(text, str)
    return text
