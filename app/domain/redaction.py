"""Masking secret values, by value, wherever they might surface."""

import base64
import json
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

MASK = "[secret]"
# Shorter values are too likely to be ordinary words: masking them would garble what people read.
SHORTEST_IN_RESULTS = 8
SHORTEST_IN_LOGS = 4
# What encodeURIComponent of JavaScript leaves as it is, and what our HTTP client does in a query.
BARE_IN_SCRIPTS = "!'()*"
BARE_IN_QUERY = "!$'()*,/:?@"


def spellings(values: Iterable[str], *, shortest: int) -> tuple[str, ...]:
    """Every form a value may surface in (plain, base64, percent-encoded, JSON), longest first."""
    forms: set[str] = set()
    for value in values:
        if len(value) < shortest:
            continue
        forms |= {value, quote_plus(value), quote_plus(value, safe=BARE_IN_QUERY)}
        forms |= {quote(value, safe=bare) for bare in ("/", "", BARE_IN_SCRIPTS)}
        forms |= {json.dumps(value, ensure_ascii=only)[1:-1] for only in (True, False)}
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            forms.add(encode(value.encode()).decode().rstrip("="))  # padded or not
        forms.add(repr(value)[1:-1])
        forms |= {line for line in value.splitlines() if len(line) >= SHORTEST_IN_RESULTS}
    return tuple(sorted(forms, key=len, reverse=True))


def mask_text(text: str, forms: Iterable[str]) -> str:
    """The text with every given form replaced by the mask."""
    for form in forms:
        if form in text:
            text = text.replace(form, MASK)
    return text
