"""docs/rest.md says what the door does."""

import re
from pathlib import Path

from app.domain.errors import ErrorCode
from app.edge.status import HTTP_STATUS

GUIDE = Path(__file__).parents[2] / "docs" / "rest.md"
ROW = re.compile(r"^\| (\d{3}) \| (.*) \|$", re.MULTILINE)


def test_every_code_is_documented_under_its_status() -> None:
    rows = ROW.findall(GUIDE.read_text(encoding="utf-8"))
    documented = {code: int(status) for status, row in rows for code in re.findall(r"`(\w+)`", row)}
    assert documented == {code.value: HTTP_STATUS[code] for code in ErrorCode}
