"""Estimates of how long a run takes and when it starts, from trainings that were timed before."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mnistlab.arch.spec import Spec
from mnistlab.arch.summary import summarize
from mnistlab.data.dataset import MNIST
from mnistlab.recipe.recipe import NORM_IMAGES, Recipe
from mnistlab.store.run import RunSummary
from mnistlab.training.record import TrainingRecord
from mnistlab.worker.speed_model import STEPS_PER_VALIDATION, SpeedModel

FORWARD_COST = 0.25
"""Seconds of a forward pass alone, as of a validation image, relative to a training image."""
OVERHEAD_SECONDS = 6.0
"""Loading PyTorch and the images at a run's start, the test images and calibration at its end."""


TeacherSpec = Callable[[str], Spec | None]
"""The network of the teacher that a recipe names; None if it is unknown, and then costs nothing."""


def unknown(short: str) -> None:
    """A TeacherSpec that knows none."""


def work(run: RunSummary, teacher_spec: TeacherSpec = unknown) -> float:
    """An epoch's MACs; seconds are assumed to be proportional to it."""
    return _work(run.spec, run.recipe, teacher_spec)


def _work(spec: Spec, recipe: Recipe, teacher_spec: TeacherSpec) -> float:
    macs = float(summarize(spec).macs) * _images(recipe)
    if teacher := _teacher(recipe, teacher_spec):
        macs += summarize(teacher).macs * FORWARD_COST * recipe.images_per_epoch
    return macs


def _teacher(recipe: Recipe, teacher_spec: TeacherSpec) -> Spec | None:
    """The teacher's network, if its forward passes take any time."""
    has_part = recipe.teacher and recipe.soft_label_weight
    return teacher_spec(recipe.teacher) if has_part else None


def _images(recipe: Recipe) -> float:
    """The images of an epoch, those of a mere forward pass at what they cost."""
    n_forward = MNIST.n_validation
    if recipe.reestimates_norm:
        n_forward += min(NORM_IMAGES, recipe.available_images)
    return recipe.images_per_epoch + FORWARD_COST * n_forward


@dataclass(frozen=True)
class Forecast:
    """The estimated seconds of a whole run, on this machine or on one with `threads` threads."""

    seconds: float
    threads: str = ""


def run_forecast(
    spec: Spec,
    recipe: Recipe,
    *,
    recent: Sequence[RunSummary],
    speed_model: SpeedModel | None,
    reference: TrainingRecord | None,
    teacher_spec: TeacherSpec = unknown,
) -> Forecast | None:
    """How long a run will take; None if nothing was ever timed.

    By the `recent` runs of this network, else by this machine's speed model, else by any recent
    run, else by the `reference`, a training on another machine.
    """
    same = [run for run in recent if run.spec == spec]
    if not same and speed_model:
        seconds = _images(recipe) * _image_seconds(speed_model, spec, recipe)
        if teacher := _teacher(recipe, teacher_spec):
            forward = FORWARD_COST * _image_seconds(speed_model, teacher, recipe)
            seconds += recipe.images_per_epoch * forward
        return _forecast(recipe, seconds)
    if timed := same or recent:
        total = sum(run.seconds for run in timed)
        return _forecast(
            recipe,
            _work(spec, recipe, teacher_spec)
            * total
            / sum(work(run, teacher_spec) * run.epochs_done for run in timed),
        )
    if reference:
        done = _work(reference.spec, reference.recipe, teacher_spec) * len(reference.epochs)
        seconds = _work(spec, recipe, teacher_spec) * reference.seconds / done
        return _forecast(recipe, seconds, reference.environment.get("threads", ""))
    return None


def _image_seconds(speed_model: SpeedModel, spec: Spec, recipe: Recipe) -> float:
    """Seconds of a training image; those of the model include its share of the validation."""
    seconds = speed_model.image_seconds(summarize(spec), recipe.batch_size)
    return seconds / (1 + FORWARD_COST / STEPS_PER_VALIDATION)


def _forecast(recipe: Recipe, epoch_seconds: float, threads: str = "") -> Forecast:
    return Forecast(OVERHEAD_SECONDS + recipe.epochs * epoch_seconds, threads)


def expected_seconds(
    run: RunSummary, recent: Sequence[RunSummary], teacher_spec: TeacherSpec = unknown
) -> float | None:
    """Seconds until a run ends: by its own epochs, else by runs of its network, else by any run."""
    if run.seconds_left is not None:
        return run.seconds_left
    similar = [each for each in recent if each.spec == run.spec] or recent
    seconds = sum(each.seconds for each in similar)
    if not seconds:
        return None
    speed = sum(work(each, teacher_spec) * each.epochs_done for each in similar) / seconds
    return work(run, teacher_spec) * run.recipe.epochs / speed


def waiting_seconds(
    running: Sequence[RunSummary],
    queue: Sequence[RunSummary],
    workers: int,
    recent: Sequence[RunSummary],
    teacher_spec: TeacherSpec = unknown,
) -> list[float | None]:
    """For each queued run, the seconds until a worker claims it; None if unknown.

    Every worker claims the first queued run as soon as it is free.
    """
    free_in: list[float | None] = [expected_seconds(run, recent, teacher_spec) for run in running]
    free_in += [0.0] * max(0, workers - len(running))
    waits: list[float | None] = []
    for run in queue:
        first = min(range(len(free_in)), key=lambda n: (free_in[n] is None, free_in[n] or 0.0))
        waits.append(free_in[first])
        seconds, start = expected_seconds(run, recent, teacher_spec), free_in[first]
        free_in[first] = None if start is None or seconds is None else start + seconds
    return waits
