"""The settings in which runs, or configurations, differ."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from mnistlab.arch.spec import Spec
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.run import RunSummary
from mnistlab.text import percent


@dataclass(frozen=True)
class Difference:
    """One setting and its value in each run, in the order of the runs."""

    setting: str
    values: tuple[str, ...]


def differences(runs: Sequence[RunSummary]) -> list[Difference]:
    """The settings of network and recipe in which at least two of the runs differ."""
    return config_differences([(run.spec, run.recipe) for run in runs])


def config_differences(configs: Sequence[tuple[Spec, Recipe]]) -> list[Difference]:
    """The same for networks with their recipes, trained or not."""
    settings = [_network(spec) | _recipe(recipe) for spec, recipe in configs]
    return [
        Difference(name, values)
        for name in (settings[0] if settings else ())
        if len(set(values := tuple(each[name] for each in settings))) > 1
    ]


def _network(spec: Spec) -> dict[str, str]:
    bias = "yes" if spec.conv_bias else "no"
    return {
        "layers": "-".join(map(str, spec.layers)),
        "head": spec.head.label,
        "activation": spec.activation.label,
        "batch norm": "yes" if spec.batch_norm else "no",
        "bias before batch norm": bias if spec.batch_norm else "–",
        "dropout": f"{spec.dropout:g}" if spec.dropout else "none",
        "dropout type": spec.dropout_kind.label if spec.dropout else "–",
    }


def _recipe(recipe: Recipe) -> dict[str, str]:
    return {
        field.name.replace("_", " "): recipe_value(recipe, field.name) for field in fields(recipe)
    }


def recipe_value(recipe: Recipe, name: str) -> str:
    """One of a recipe's values as text."""
    value = getattr(recipe, name)
    match name:
        case "train_size":
            return "all" if value is None else f"{value:,}"
        case "target_accuracy":
            return "none" if value is None else percent(value)
        case "norm_batch_size":
            return "automatic" if value is None else f"{value:,}"
        case "patience":
            return "none" if value is None else f"{value} epochs"
        case "learning_rate" | "weight_decay" | "label_smoothing":
            return f"{value:g}"
    return str(value)
