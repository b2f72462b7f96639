"""Logs: one line an event on stderr, with secret values masked."""

import logging
import sys

from app.domain.ports import SeenSecrets


class _MaskingFormatter(logging.Formatter):
    """Masks the finished text, tracebacks included."""

    def __init__(self, seen: SeenSecrets, who: str = "") -> None:
        super().__init__(f"%(asctime)s %(levelname)s {who}%(name)s: %(message)s")
        self._seen = seen

    def format(self, record: logging.LogRecord) -> str:
        return self._seen.mask(super().format(record))


def configure_logging(level: str, seen: SeenSecrets, worker: int | None = None) -> None:
    """Send every log record to stderr; libraries only from WARNING on.

    Where there are several workers, each line says which wrote it.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_MaskingFormatter(seen, "" if worker is None else f"worker-{worker} "))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("app").setLevel(level)
    # It logs each subscription's client errors as its own; ours are logged where they are masked.
    logging.getLogger("strawberry").setLevel(logging.CRITICAL)
