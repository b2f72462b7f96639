"""Running an ecosystem's own client: one small environment, one deadline, no credentials shown."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from app.installers.failures import without_credentials
from app.processes.run import Finished, run_command
from app.processes.spawner import Spawner


def _ignore(_line: str) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A client such as npm or uv, and the time that all its runs for one request have together."""

    spawner: Spawner
    program: str
    env: Mapping[str, str]
    cwd: str
    seconds: float
    ends_at: float

    @classmethod
    def starting_now(
        cls, spawner: Spawner, program: str, *, env: Mapping[str, str], cwd: str, seconds: float
    ) -> "Tool":
        """A tool whose runs have to be done `seconds` from now."""
        return cls(spawner, program, env, cwd, seconds, time.monotonic() + seconds)

    async def run(
        self, *args: str, on_line: Callable[[str], None] = _ignore, is_output_kept: bool = False
    ) -> Finished:
        """Run it with these arguments to its end, or until the time is up."""
        finished = await run_command(
            self.spawner,
            [self.program, *args],
            env=self.env,
            cwd=self.cwd,
            deadline_seconds=max(0.0, self.ends_at - time.monotonic()),
            on_line=lambda line: on_line(without_credentials(line)),
            is_output_kept=is_output_kept,
        )
        return replace(finished, lines=tuple(without_credentials(line) for line in finished.lines))
