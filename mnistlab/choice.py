"""A named choice: the base of every enum that a page offers."""

from enum import StrEnum
from typing import Self


class Choice(StrEnum):
    """A named choice: its value is saved and typed, its `label` is what a page calls it."""

    _value_: str
    label: str

    # Looking a member up by its value, `Split("holdout")`, goes by this signature too: mypy wants
    # the other arguments to be optional.
    def __new__(cls, value: str, label: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_, member.label = value, label
        return member
