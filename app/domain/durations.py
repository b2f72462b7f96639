"""Durations that somebody gives, and the error of those that are out of bounds."""

from app.domain.errors import AppError, ErrorCode


class BadDuration(AppError):
    """A duration that is not accepted, told in seconds; a door may have another unit.

    `words` says which, `field` is the input that gave it, in the spelling for seconds.
    """

    def __init__(self, words: str, field: str, most_seconds: float) -> None:
        super().__init__(
            ErrorCode.INVALID_INPUT, _told(words, f"{most_seconds:.0f} seconds"), path=(field,)
        )
        self._words = words
        self._field = field
        self._most = most_seconds

    def in_milliseconds(self) -> AppError:
        """The same for a door whose durations are milliseconds, and whose fields say no unit."""
        told = _told(self._words, f"{self._most * 1000:.0f} milliseconds")
        return AppError(self.code, told, path=(self._field.removesuffix("Seconds"),))


def check_duration(seconds: float, most_seconds: float, *, words: str, field: str) -> None:
    """Accept more than nothing, and no more than the most.

    Raises:
        BadDuration: INVALID_INPUT.
    """
    if not 0 < seconds <= most_seconds:
        raise BadDuration(words, field, most_seconds)


def _told(words: str, most: str) -> str:
    return f"The {words} must be more than 0 and at most {most}."
