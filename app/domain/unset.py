"""The difference between a field left out and a field set to nothing."""

from enum import Enum
from typing import Final


class Unset(Enum):
    """The type of UNSET, so that checkers can narrow it."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET
