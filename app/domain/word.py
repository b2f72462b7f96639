"""Closed sets of words that are looked up on the way of every call."""

from enum import StrEnum


class Word(StrEnum):
    """A StrEnum with the hash of its text; that of Enum is a function in Python."""

    __hash__ = str.__hash__
