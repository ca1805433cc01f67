"""The names in files of the first format, and their translation into today's.

Such files are in people's folders and archives, so everything here is frozen: it states what the
first format wrote and refers to no code of today. Readers translate what they have parsed, then
check it like any other file. `store.database.migrations` does the same for the store's own file
and for the names of the files in the run folders, once.
"""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

Value = TypeVar("Value")

CHECKPOINT_FORMAT = "mnistlab-1"
RUN_FORMAT = "mnistlab-run-1"

RECIPE_FIELDS = {"optimiser": "optimizer", "goal": "target_accuracy", "subset": "train_size"}
RECIPE_VALUES = {
    ("split", "strict"): "holdout",
    ("augmentation", "hand"): "handwriting",
}
RUN_FIELDS = {"who": "owner"}
RUN_FILES = {
    "readings.safetensors": "predictions.safetensors",
    "best.doubt": "best.uncertainty",
}
PREDICTIONS_TENSORS = {"read": "predicted"}
STATE_PREFIXES = {
    "optimiser.": "optimizer.",
    "random.order": "random.shuffle",
    "random.chance": "random.generator",
}


def rename(values: Mapping[str, Value], names: Mapping[str, str]) -> dict[str, Value]:
    """The same values, under today's names.

    Raises ValueError if a value is there under both names: no program wrote such a file.
    """
    renamed = {names.get(name, name): value for name, value in values.items()}
    if len(renamed) < len(values):
        both = next(old for old, new in names.items() if old in values and new in values)
        raise ValueError(f"it has both {both!r} and {names[both]!r}")
    return renamed


def upgrade_recipe(values: Any) -> Any:
    """A recipe's parsed JSON; what is not an object is returned as it is, to be refused later."""
    if not isinstance(values, dict):
        return values
    renamed = rename(values, RECIPE_FIELDS)
    for (name, old), new in RECIPE_VALUES.items():
        if renamed.get(name) == old:
            renamed[name] = new
    return renamed


def upgrade_metadata(metadata: dict[str, str], to_format: str) -> dict[str, str]:
    """A checkpoint's metadata; that of any other format is returned as it is.

    Raises LookupError, TypeError or ValueError if the recipe is missing or no JSON.
    """
    if metadata.get("format") != CHECKPOINT_FORMAT:
        return metadata
    recipe = json.dumps(upgrade_recipe(json.loads(metadata["recipe"])))
    return metadata | {"format": to_format, "recipe": recipe}


def upgrade_run(values: dict[str, Any], to_format: str) -> dict[str, Any]:
    """What an archive's run.json holds; that of any other format is returned as it is.

    Raises LookupError or ValueError if its fields are not those of the first format.
    """
    if values.get("format") != RUN_FORMAT:
        return values
    renamed = rename(values, RUN_FIELDS)
    return renamed | {"format": to_format, "recipe": upgrade_recipe(values["recipe"])}


def upgrade_state(tensors: Mapping[str, Value]) -> dict[str, Value]:
    """The tensors of a resumable training. Raises ValueError as `rename` does."""
    names = {
        name: new + name.removeprefix(old)
        for name in tensors
        for old, new in STATE_PREFIXES.items()
        if name.startswith(old)
    }
    return rename(tensors, names)
