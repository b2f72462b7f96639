"""Foreign names made to fit this product's grammars."""

import re
from collections.abc import Sequence

from app.domain.names import SECRET_NAME, SERVER_NAME

MAX_SERVER_NAME = 100
MAX_SECRET_NAME = 128


def fit_server_names(names: Sequence[str]) -> dict[str, str]:
    """A server name for each, all different; one that fits the grammar keeps its own.

    Each run of other characters becomes one `-`, dots and dashes at the ends go, and a name that
    is taken gets `-2`, `-3` and so on.
    """
    fitted = {name: name for name in names if SERVER_NAME.fullmatch(name)}
    taken = set(fitted)
    for name in names:
        if name not in fitted:
            base = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-") or "server"
            fitted[name] = _free(base[:MAX_SERVER_NAME], taken, MAX_SERVER_NAME, "-")
            taken.add(fitted[name])
    return fitted


def fit_secret_name(name: str, taken: set[str]) -> str:
    """A secret name for a variable, header or query parameter; `taken` learns of it."""
    base = re.sub(r"[^A-Za-z0-9_.-]+", "_", name)[:MAX_SECRET_NAME]
    if not SECRET_NAME.fullmatch(base):
        base = f"_{base}"[:MAX_SECRET_NAME]
    fitted = _free(base, taken, MAX_SECRET_NAME, "_")
    taken.add(fitted)
    return fitted


def _free(base: str, taken: set[str], most: int, joint: str) -> str:
    candidate, number = base, 1
    while candidate in taken:
        number += 1
        tail = f"{joint}{number}"
        candidate = base[: most - len(tail)] + tail
    return candidate
