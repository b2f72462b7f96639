"""What is kept for a moment opens at its place, in its process, and nowhere else."""

import pytest
from cryptography.exceptions import InvalidTag

from app.vault.brief_seal import BriefSeal

PLAIN, PLACE = b"planted-value", b"weather\nada"


def test_what_was_sealed_opens_at_its_place() -> None:
    seal = BriefSeal()
    sealed = seal.seal(PLAIN, PLACE)
    assert PLAIN not in sealed
    assert seal.open(sealed, PLACE) == PLAIN
    assert seal.seal(PLAIN, PLACE) != sealed


def test_it_opens_nowhere_else() -> None:
    seal = BriefSeal()
    sealed = seal.seal(PLAIN, PLACE)
    for other, place in ((seal, b"weather\nbob"), (BriefSeal(), PLACE)):
        with pytest.raises(InvalidTag):
            other.open(sealed, place)
