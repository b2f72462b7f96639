"""Every test, in two processes at once: most of them wait for children, installs and databases.

`python -m tests.halves` shows the first half as it runs, and the second when both are done.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent
# About half of the time; every other folder is the second half, new ones too.
FIRST = ("sessions", "services", "domain", "models", "vault")


def folders() -> tuple[list[str], list[str]]:
    """The two halves; a folder without tests is in neither."""
    found = sorted(folder.name for folder in ROOT.iterdir() if any(folder.glob("**/test_*.py")))
    first = [name for name in found if name in FIRST]
    return first, [name for name in found if name not in FIRST]


def command(names: list[str]) -> list[str]:
    """How to run the tests of those folders."""
    return [sys.executable, "-m", "pytest", *(f"tests/{name}" for name in names)]


def main() -> int:
    first, second = folders()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        other = subprocess.Popen(
            command(second), cwd=ROOT.parent, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            code = subprocess.run(command(first), cwd=ROOT.parent, check=False).returncode
            other_code = other.wait()
        except BaseException:
            other.terminate()
            other.wait()
            raise
        output.seek(0)
        sys.stdout.write(output.read())
    return code or other_code


if __name__ == "__main__":
    sys.exit(main())
