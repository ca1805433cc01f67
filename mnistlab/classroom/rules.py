"""What a class's teacher allows: limits of the queue, how names come about, the class's task."""

import json
from dataclasses import asdict, dataclass, fields, replace

from mnistlab.errors import LabError


@dataclass(frozen=True)
class Rules:
    """The limits hold for each person; `max_minutes` of training count since the lesson began."""

    max_queued: int = 3
    max_epochs: int = 12
    max_minutes: int = 30
    types_names: bool = False
    """Whether people type a nickname, instead of having one drawn."""
    hides_names: bool = False
    """Whether students see their own name alone, and the board none."""
    is_paused: bool = False
    """Whether only the teacher's runs start."""


BOUNDS = {"max_queued": (1, 50), "max_epochs": (1, 1000), "max_minutes": (1, 10_000)}


def checked(rules: Rules) -> Rules:
    """The rules. Raises LabError if a limit is outside BOUNDS."""
    for name, (least, most) in BOUNDS.items():
        if not least <= getattr(rules, name) <= most:
            raise LabError(f"{name} must be a whole number from {least} to {most}.")
    return rules


def rules_to_json(rules: Rules) -> str:
    return json.dumps(asdict(rules))


def rules_from_json(text: str) -> Rules:
    """The rules; what is missing, unknown or of another type has its default."""
    rules = Rules()
    try:
        values = json.loads(text)
        for field in fields(Rules):
            value = values.get(field.name)
            if type(value) is type(getattr(rules, field.name)):
                rules = checked(replace(rules, **{field.name: value}))
    except (ValueError, AttributeError, LabError, RecursionError):
        return Rules()
    return rules
