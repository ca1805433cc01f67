"""A class's task: a sentence, what counts as solved, and which controls may be changed.

Everything else stays as in the task's own network and recipe.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace

from mnistlab.arch.diff import align_rows
from mnistlab.arch.spec import Layer, Spec, named, parse
from mnistlab.arch.summary import MAX_PARAMETERS, summarize
from mnistlab.choice import Choice
from mnistlab.errors import LabError
from mnistlab.recipe.recipe import Optimizer, Recipe, recipe_from_json
from mnistlab.text import percent, short_percent

MAX_SENTENCE = 200
"""Characters of a task's sentence: two lines at the top of a page."""


class Control(Choice):
    """What a task may leave open; the label completes "Change only …"."""

    LAYERS = "layers", "layers"
    """Their number, order, type and options."""
    FILTERS = "filters", "filters"
    HEAD = "head", "head"
    BATCH_NORM = "batch norm", "batch norm"
    DROPOUT = "dropout", "dropout"
    ACTIVATION = "activation", "activation"
    EPOCHS = "epochs", "epochs"
    IMAGES = "images", "training images"
    LEARNING_RATE = "learning rate", "learning rate"
    OPTIMIZER = "optimizer", "optimizer"
    BATCH_SIZE = "batch size", "batch size"
    REGULARIZATION = "regularization", "weight decay, label smoothing"
    AUGMENTATION = "augmentation", "augmentation"
    EVALUATION = "evaluation", "evaluation"
    SEED = "seed", "seed"
    TEACHER = "teacher", "teacher"
    INITIAL = "initial", "initial weights"


OPTIONS: Mapping[Control, tuple[str, ...]] = {
    Control.HEAD: ("head",),
    Control.BATCH_NORM: ("batch_norm", "conv_bias"),
    Control.DROPOUT: ("dropout", "dropout_kind"),
    Control.ACTIVATION: ("activation",),
}
"""The fields of `Spec` that a control changes; filters and layers are told apart by alignment."""
SETTINGS: Mapping[Control, tuple[str, ...]] = {
    Control.EPOCHS: ("epochs", "patience", "target_accuracy"),
    Control.IMAGES: ("train_size",),
    Control.LEARNING_RATE: ("learning_rate", "schedule"),
    Control.OPTIMIZER: ("optimizer",),
    Control.BATCH_SIZE: ("batch_size", "norm_batch_size"),
    Control.REGULARIZATION: ("weight_decay", "label_smoothing"),
    Control.AUGMENTATION: ("augmentation",),
    Control.EVALUATION: ("split", "norm_statistics"),
    Control.SEED: ("seed",),
    Control.TEACHER: ("teacher", "soft_label_weight", "distillation_temperature"),
    Control.INITIAL: ("initial", "interpolation"),
}
"""The fields of `Recipe` that a control changes."""
CONTROL_OF_SETTING = {name: control for control, names in SETTINGS.items() for name in names}


@dataclass(frozen=True)
class Task:
    """`network` and `recipe` are where everybody starts; only `controls` may differ from them.

    A run solves the task with at most `max_parameters` (trainable and not) and at least
    `min_accuracy` (0–1, validation, best epoch); None asks for nothing. Raises LabError if a value
    is out of bounds.
    """

    sentence: str
    network: Spec
    recipe: Recipe
    controls: frozenset[Control]
    max_parameters: int | None = None
    min_accuracy: float | None = None

    def __post_init__(self) -> None:
        if not self.sentence or self.sentence != one_sentence(self.sentence):
            raise LabError("The task has no sentence. Write what the class should do.")
        if self.max_parameters is not None and not 1 <= self.max_parameters <= MAX_PARAMETERS:
            raise LabError(f"The task allows 1 to {MAX_PARAMETERS:,} parameters, no other number.")
        if self.min_accuracy is not None and not 0 < self.min_accuracy <= 1:
            raise LabError("The task's accuracy is more than 0% and at most 100%.")
        summarize(self.network)

    @property
    def locked(self) -> frozenset[Control]:
        return frozenset(Control) - self.controls

    @property
    def allows(self) -> str:
        """What may be changed, as a sentence."""
        if not self.controls:
            return "Change nothing: network and recipe are given."
        if not self.locked:
            return "Change whatever you like."
        return f"Change only {listed(self.controls)}."


def one_sentence(text: str) -> str:
    """What a teacher typed, on one line, with visible characters alone and not too long."""
    visible = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(visible.split())[:MAX_SENTENCE].strip()


def listed(controls: Iterable[Control]) -> str:
    """Controls in a sentence, in the order of the enum: "filters, batch norm and dropout"."""
    chosen = set(controls)
    return _joined([control.label for control in Control if control in chosen])


def network_changes(start: Spec, spec: Spec) -> set[Control]:
    """The controls by which a network differs from the one that a task starts with.

    Inserting, removing or moving a layer changes no filters of the others. Raises SpecError if one
    of the networks cannot be built.
    """
    changes = {
        control
        for control, names in OPTIONS.items()
        if any(getattr(start, name) != getattr(spec, name) for name in names)
    }
    return changes | _layer_changes(start, spec)


def _layer_changes(start: Spec, spec: Spec) -> set[Control]:
    if start.layers == spec.layers:
        return set()
    if sorted(map(str, start.layers)) == sorted(map(str, spec.layers)):
        return {Control.LAYERS}  # moved
    if [_kind(layer) for layer in start.layers] == [_kind(layer) for layer in spec.layers]:
        return {Control.FILTERS}
    # One was added or removed, so that only those that correspond can tell of filters.
    before, after = _layers_alone(start), _layers_alone(spec)
    own, other = dict(named(before.layers)), dict(named(after.layers))
    resized = any(
        own[old.name].filters != other[new.name].filters
        for old, new in align_rows(summarize(before), summarize(after))
        if old and new and old.name in own and new.name in other
    )
    return {Control.LAYERS, Control.FILTERS} if resized else {Control.LAYERS}


def _layers_alone(spec: Spec) -> Spec:
    """The network without its options, so that aligned rows are equal if the layers are."""
    return Spec(spec.layers)


def _kind(layer: Layer) -> Layer:
    """A layer apart from its number of filters; a pool has none, which is its type."""
    return layer if layer.filters is None else replace(layer, filters=1)


def recipe_changes(start: Recipe, recipe: Recipe) -> set[str]:
    """The names of the recipe's fields that differ; what goes with a source only with it."""
    names = {
        field.name
        for field in fields(Recipe)
        if getattr(start, field.name) != getattr(recipe, field.name)
    }
    if not start.teacher and not recipe.teacher:
        names -= {"soft_label_weight", "distillation_temperature"}
    if not start.initial and not recipe.initial:
        names -= {"interpolation"}
    return names


def network_problem(task: Task, spec: Spec) -> str:
    """What a network changes outside the task, as a sentence; empty if it keeps to it."""
    broken = network_changes(task.network, spec) - task.controls
    if not broken:
        return ""
    return f"The task locks {listed(broken)}. Start from its own network, {task.network}."


def recipe_problem(task: Task, recipe: Recipe) -> str:
    """What a recipe changes outside the task, as a sentence; empty if it keeps to it."""
    names = [
        field.name
        for field in fields(Recipe)
        if field.name in recipe_changes(task.recipe, recipe)
        and CONTROL_OF_SETTING[field.name] not in task.controls
    ]
    if not names:
        return ""
    values = [f"{name.replace('_', ' ')} {_value(task.recipe, name)}" for name in names]
    return f"The task locks settings of the recipe. Train with {_joined(values)}."


def problem(task: Task, spec: Spec, recipe: Recipe) -> str:
    """Why this may not be trained under the task, empty if it may."""
    return " ".join(filter(None, (network_problem(task, spec), recipe_problem(task, recipe))))


def _value(recipe: Recipe, name: str) -> str:
    value = getattr(recipe, name)
    if value in (None, ""):
        return "all" if name == "train_size" else "off"
    if isinstance(value, Choice):
        return value.label if isinstance(value, Optimizer) else value.label.lower()
    if name == "target_accuracy":
        return percent(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _joined(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def conditions(task: Task) -> str:
    """What solves the task, in short: "at most 15,000 parameters, at least 99.4%"."""
    parts = []
    if task.max_parameters is not None:
        parts.append(f"at most {task.max_parameters:,} parameters")
    if task.min_accuracy is not None:
        parts.append(f"at least {short_percent(task.min_accuracy)} validation accuracy")
    return ", ".join(parts)


def task_to_json(task: Task) -> str:
    return json.dumps(
        {
            "sentence": task.sentence,
            "network": str(task.network),
            "recipe": json.loads(task.recipe.to_json()),
            "controls": sorted(task.controls),
            "max_parameters": task.max_parameters,
            "min_accuracy": task.min_accuracy,
        }
    )


def task_from_json(text: str) -> Task | None:
    """The task, None if there is none or it is damaged: a class goes on without one then."""
    try:
        values = json.loads(text)
        limits = values["max_parameters"], values["min_accuracy"]
        if not all(value is None or type(value) in (int, float) for value in limits):
            return None
        return Task(
            sentence=values["sentence"],
            network=parse(values["network"]),
            recipe=recipe_from_json(json.dumps(values["recipe"])),
            controls=frozenset(Control(name) for name in values["controls"]),
            max_parameters=values["max_parameters"],
            min_accuracy=values["min_accuracy"],
        )
    except (ValueError, KeyError, TypeError, AttributeError, LabError, RecursionError):
        return None
