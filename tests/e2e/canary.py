"""The planted values, in every form they may surface in."""

import base64
import json
from urllib.parse import quote, quote_plus

CANARY = 'canary/+?&=% "9f1d-Zürich"\\c0ffee~yes\tno'
# The same for a header, which takes printable ASCII only.
HEADER_CANARY = 'canary/+?&=% "9f1d-Zurich"\\c0ffee~yes no'
PART = "c0ffee~yes"  # no spelling changes it


def forms_of(value: str) -> dict[str, str]:
    """How the value may be written."""
    return {
        "plain": value,
        "JSON": json.dumps(value)[1:-1],
        "JSON in Unicode": json.dumps(value, ensure_ascii=False)[1:-1],
        "Python": repr(value)[1:-1],
        "base64": base64.b64encode(value.encode()).decode().rstrip("="),
        "base64url": base64.urlsafe_b64encode(value.encode()).decode().rstrip("="),
        "percent": quote(value, safe=""),
        "percent, slashes kept": quote(value),
        "form": quote_plus(value),
        "a part": PART,
    }


FORMS = [item for value in (CANARY, HEADER_CANARY) for item in forms_of(value).items()]
LITERAL = json.dumps(CANARY, ensure_ascii=False)
