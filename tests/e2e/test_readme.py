"""The README's tour, pasted as it stands: every command is run, every shown answer compared."""

import json
import re
import subprocess
from pathlib import Path

from tests.product import Product

README = Path(__file__).parents[2] / "README.md"
STEP = re.compile(r"```sh\n(.*?)```\s+```json\n(.*?)```", re.DOTALL)
ADDRESS = "http://127.0.0.1:8080"


def test_the_tours_answers_are_what_comes_back(product: Product) -> None:
    steps = STEP.findall(README.read_text(encoding="utf-8"))
    assert len(steps) == 12
    for command, shown in steps:
        assert ADDRESS in command
        answer = subprocess.run(
            ["bash", "-c", command.replace(ADDRESS, product.address)],
            capture_output=True,
            check=True,
            text=True,
            timeout=120,
        ).stdout
        assert json.loads(answer) == json.loads(shown), command


def test_every_local_link_of_the_readme_leads_somewhere() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README.read_text(encoding="utf-8"))
    assert links
    missing = [link for link in links if not (README.parent / link).exists()]
    assert missing == []
