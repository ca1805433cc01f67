"""The settings in which runs, or configurations, differ."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from types import MappingProxyType

from mnistlab.arch.spec import Spec
from mnistlab.errors import CheckpointError
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.run import RunSummary
from mnistlab.store.store import Store
from mnistlab.text import percent
from mnistlab.training.record import read_record

UNNAMED: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Difference:
    """One setting and its value in each run, in the order of the runs."""

    setting: str
    values: tuple[str, ...]


SourceNames = Mapping[str, str]
"""What sources are called, by what a recipe calls them; others go by their checksum."""


def differences(runs: Sequence[RunSummary], sources: SourceNames = UNNAMED) -> list[Difference]:
    """The settings of network and recipe in which at least two of the runs differ."""
    return config_differences([(run.spec, run.recipe) for run in runs], sources)


def config_differences(
    configs: Sequence[tuple[Spec, Recipe]], sources: SourceNames = UNNAMED
) -> list[Difference]:
    """The same for networks with their recipes, trained or not."""
    settings = [_network(spec) | dict(recipe_settings(recipe, sources)) for spec, recipe in configs]
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


def source_names(store: Store, runs: Sequence[RunSummary]) -> dict[str, str]:
    """The names of the runs' sources, from the runs' own records; of runs without one, none."""
    names = {}
    for run in runs:
        if run.recipe.sources:
            with suppress(CheckpointError):  # no epoch has ended, or the file is damaged
                record = read_record(store.best_checkpoint_path(run.id))
                for source in filter(None, (record.teacher, record.initial)):
                    names[source.short] = f"{source} ({source.short})"
    return names


def recipe_settings(recipe: Recipe, sources: SourceNames = UNNAMED) -> list[tuple[str, str]]:
    """All of a recipe's settings with their values, as text."""
    return [(f.name.replace("_", " "), _value(recipe, f.name, sources)) for f in fields(recipe)]


def _value(recipe: Recipe, name: str, sources: SourceNames) -> str:
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
        case "teacher":
            return sources.get(value, value) or "none"
        case "initial":
            return sources.get(value, value) or "random"
        case "interpolation" if not recipe.initial:
            return "–"
        case "soft_label_weight" | "distillation_temperature" if not recipe.teacher:
            return "–"
    return f"{value:g}" if isinstance(value, float) else str(value)
