"""Reading the JSON files that package managers write."""

from pathlib import Path

import orjson

from app.domain.errors import AppError, ErrorCode


def read_json(path: Path) -> dict[str, object]:
    """The object in a JSON file.

    Raises:
        AppError: INSTALL_FAILED when the file is missing or holds something else.
    """
    try:
        value = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        value = None
    if not isinstance(value, dict):
        raise AppError(
            ErrorCode.INSTALL_FAILED, f"The package has no readable {path.name}; it is damaged."
        )
    return value
