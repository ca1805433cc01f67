"""The default recipe of a network, and the command that trains it."""

from dataclasses import fields

from mnistlab.arch.presets import PRESETS, get_preset
from mnistlab.arch.spec import Spec
from mnistlab.recipe.recipe import RATE_WITH_BATCH_NORM, RATE_WITHOUT, Recipe

TUNED = {
    get_preset("target-4").spec: Recipe(epochs=4, batch_size=64, learning_rate=0.2),
    get_preset("most-accurate").spec: Recipe(epochs=40, label_smoothing=0.05),
    get_preset("smallest").spec: Recipe(epochs=30),
}
"""Recipes that were tuned for one network; README lists their accuracies."""


def default_recipe(spec: Spec) -> Recipe:
    """The network's tuned recipe, or the general one: a lower learning rate without batch norm."""
    return TUNED.get(spec) or Recipe(
        learning_rate=RATE_WITH_BATCH_NORM if spec.batch_norm else RATE_WITHOUT
    )


def train_command(spec: Spec, recipe: Recipe) -> str:
    """The command that trains this: a preset's name, or the network, and the options.

    The command line starts from `default_recipe`, so only differences from it are options; the
    learning rate is always one, because readers look for it.
    """
    name = next((preset.name for preset in PRESETS if preset.spec == spec), str(spec))
    default = default_recipe(spec)
    options = [
        f"--{field.name.replace('_', '-')} {getattr(recipe, field.name)}"
        for field in fields(Recipe)
        if getattr(recipe, field.name) != getattr(default, field.name)
        or field.name == "learning_rate"
    ]
    return " ".join(["python -m mnistlab train", name, *options])
