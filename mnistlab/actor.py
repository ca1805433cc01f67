"""Who acts on the lab: the person whose computer it is, or somebody of a class that it serves."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """`person` is a row of the class's people, None for whoever runs the lab; `is_teacher` may
    change everybody's runs.
    """

    person: int | None = None
    is_teacher: bool = True


OPERATOR = Actor()
"""Whoever can read the files may do everything: a person alone, the terminal, the workers."""
VISITOR = Actor(0, False)
"""Somebody who has not joined: looks, and changes nothing."""
