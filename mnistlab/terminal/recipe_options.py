"""The options of a command that trains: one for every field of the recipe."""

import argparse
from dataclasses import fields, replace

from mnistlab.home import default_home
from mnistlab.recipe.recipe import ENUMS, Recipe, choice
from mnistlab.terminal.parser import Parser, add_owner, add_ray
from mnistlab.worker.source_search import source_named

RECIPE_HELP = {
    "learning_rate": "the schedule's peak",
    "train_size": "training images, from 64 to all; default: all",
    "patience": "early stopping: epochs without improvement; default: off",
    "target_accuracy": "stop at this validation accuracy, such as 0.994; default: off",
    "label_smoothing": "fraction of the target spread over all classes",
    "norm_batch_size": "images that batch norm normalizes together, at least",
    "teacher": "learn from a finished run (its number), a pretrained checkpoint (its name) or a "
    "checkpoint's file; default: none",
    "initial": "start from the weights of such a checkpoint of the same network; default: random "
    "weights",
    "interpolation": "how far the last epoch's weights are from the initial to the trained ones, "
    "from 0 to 1; default: 1",
    "soft_label_weight": "fraction of the loss that is the teacher's, from 0 to 1",
    "distillation_temperature": "what the logits are divided by for it, from 1",
}
"""Help for the recipe's fields whose names do not say enough."""
SOURCES = ("teacher", "initial")
"""The fields that name a checkpoint."""


def add_recipe(command: Parser) -> None:
    """The run's name and owner, and an option for every field of the recipe."""
    command.usage = "%(prog)s [options] NETWORK"
    command.add_argument("--name", default="", help="name of the run; default: NETWORK")
    add_owner(command)
    add_ray(command)
    recipe = command.add_argument_group("recipe (default: the network's own)")
    for field in fields(Recipe):
        name = f"--{field.name.replace('_', '-')}"
        if values := ENUMS.get(field.name):
            recipe.add_argument(name, metavar="NAME", help=", ".join(values))
        elif field.name in SOURCES:
            recipe.add_argument(name, metavar="CHECKPOINT", help=RECIPE_HELP[field.name])
        else:
            recipe.add_argument(name, metavar="NUMBER", help=RECIPE_HELP.get(field.name))


def recipe_from(options: argparse.Namespace, default: Recipe) -> Recipe:
    """The default recipe with the values from the command line; checkpoints are copied to the lab.

    Raises LabError if a value is out of bounds, or there is no such checkpoint.
    """
    values: dict[str, object] = {}
    for field in fields(Recipe):
        text = getattr(options, field.name)
        if text is None:
            continue
        if field.name in ENUMS:
            values[field.name] = choice(field.name, text, ENUMS[field.name])
        elif field.name in SOURCES:
            values[field.name] = source_named(default_home(), text)
        else:
            values[field.name] = _number(text, is_float="float" in str(field.type))
    return replace(default, **values)  # type: ignore[arg-type]


def _number(text: str, is_float: bool) -> object:
    """A number, or the text itself, which Recipe rejects with the name of the field."""
    try:
        return float(text) if is_float else int(text)
    except ValueError:
        return text
