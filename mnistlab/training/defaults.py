"""Where to begin with a network: the recipe that a training starts from, and what to type."""

from dataclasses import fields

from mnistlab.arch.presets import PRESETS, get_preset
from mnistlab.arch.spec import Spec
from mnistlab.training.recipe import RATE_WITH_BATCH_NORM, RATE_WITHOUT, Recipe

TUNED = {
    get_preset("target-4").spec: Recipe(epochs=4, batch_size=64, learning_rate=0.2),
    get_preset("most-accurate").spec: Recipe(epochs=40, label_smoothing=0.05),
    get_preset("smallest").spec: Recipe(epochs=30),
}
"""Recipes that were searched for one network; README says what they reach."""


def default_recipe(spec: Spec) -> Recipe:
    """A network's own recipe, else the lab's; without batch norm a smaller learning rate."""
    return TUNED.get(spec) or Recipe(
        learning_rate=RATE_WITH_BATCH_NORM if spec.batch_norm else RATE_WITHOUT
    )


def train_command(spec: Spec, recipe: Recipe) -> str:
    """What to type to train this: a preset's name, and the choices that the command must be told.

    The terminal starts from `suggested`, so what differs from that has to be said, and so must the
    learning rate, which people look for. A suggestion that ends early cannot be taken back there.
    """
    name = next((preset.name for preset in PRESETS if preset.spec == spec), str(spec))
    usual = default_recipe(spec)
    words = [
        f"--{field.name.replace('_', '-')} {getattr(recipe, field.name)}"
        for field in fields(Recipe)
        if getattr(recipe, field.name) != getattr(usual, field.name)
        or field.name == "learning_rate"
    ]
    return " ".join(["python -m mnistlab train", name, *words])
