"""The checkpoints that pages offer, and a cache of the loaded ones."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from mnistlab import zoo
from mnistlab.arch.presets import find_preset
from mnistlab.arch.summary import summarize
from mnistlab.errors import CheckpointError
from mnistlab.home import Home
from mnistlab.store.database.errors import StoreError
from mnistlab.store.folders import epoch_checkpoints
from mnistlab.store.run import RunSummary, State
from mnistlab.store.store import Store
from mnistlab.store.table import best_first
from mnistlab.text import percent
from mnistlab.training.record import TrainingRecord, read_record
from mnistlab.uncertainty.model import UncertaintyModel, uncertainty_path

if TYPE_CHECKING:
    from mnistlab.drawing.classifier import Classifier


MAX_RUNS = 200


@dataclass(frozen=True)
class CheckpointChoice:
    """A checkpoint on disk, as an option of a select box."""

    path: Path
    record: TrainingRecord
    name: str
    run_id: int | None = None
    """None for a pretrained checkpoint."""

    @property
    def source(self) -> str:
        return "pretrained" if self.run_id is None else f"run {self.run_id}"

    @property
    def epochs(self) -> list[Path]:
        """The checkpoints of the run's epochs, in order; a pretrained one has none."""
        return epoch_checkpoints(self.path)

    def __str__(self) -> str:
        bias = " (optimistic)" if self.record.optimistic else ""
        return (
            f"{self.name} · {percent(self.record.reported_score.accuracy)}{bias} · "
            f"{summarize(self.record.spec).total:,} parameters · {self.source}"
        )


@dataclass(frozen=True)
class CheckpointList:
    """The readable checkpoints by path, and an error message for each of the others."""

    choices: dict[str, CheckpointChoice]
    errors: list[str]

    @property
    def labels(self) -> dict[str, str]:
        """The options of a select box, by path."""
        return {path: str(choice) for path, choice in self.choices.items()}

    def path_of_run(self, run_id: int) -> str | None:
        """The path of a run's checkpoint, None if it has no readable one."""
        runs = (path for path, choice in self.choices.items() if choice.run_id == run_id)
        return next(runs, None)

    def path_of_pretrained(self, name: str) -> str | None:
        """The path of the pretrained checkpoint whose file has this name, None without one."""
        own = (choice for choice in self.choices.values() if choice.run_id is None)
        return next((str(choice.path) for choice in own if choice.path.stem == name), None)


def find(
    home: Home, run_ids: Sequence[int] = (), states: Collection[State] = tuple(State)
) -> CheckpointList:
    """The pretrained checkpoints, and the best epochs of the best runs and of those named.

    Of the runs only those in one of the `states`.
    First the one that was trained for drawings, then the most accurate.
    """
    paths: list[tuple[Path, str, int | None]] = [
        (path, _title(path), None) for path in zoo.checkpoints()
    ]
    errors = []
    store = Store.of(home)
    try:
        named = [run for run in store.runs(run_ids) if run.deleted is None]
        offered = (*best_first(store, MAX_RUNS, states), *named)
        runs = {run.id: run.name for run in offered if run.state in states}
        paths += [(store.best_checkpoint_path(id), name, id) for id, name in runs.items()]
    except StoreError as error:
        errors.append(str(error))
    choices = []
    for path, name, run_id in paths:
        if not path.exists():
            continue  # no epoch is finished, or the run's files were deleted in the meantime
        try:
            choices.append(CheckpointChoice(path, _record(path, modified(path)), name, run_id))
        except CheckpointError as error:
            errors.append(f"{name if run_id is None else f'Run {run_id}'}: {error}")
    default = zoo.default_checkpoint()
    choices.sort(
        key=lambda choice: (choice.path == default, choice.record.reported_score.accuracy),
        reverse=True,
    )
    return CheckpointList({str(choice.path): choice for choice in choices}, errors)


def pretrained(path: Path) -> CheckpointChoice:
    """A pretrained checkpoint. Raises CheckpointError if the file is damaged or missing."""
    return CheckpointChoice(path, _record(path, modified(path)), _title(path))


def _title(path: Path) -> str:
    """A pretrained checkpoint's name for people: its preset's, or its file's."""
    preset = find_preset(path.stem)
    return preset.label if preset else path.stem.replace("-", " ").capitalize()


def modified(path: Path) -> int:
    """When a checkpoint was last written, in ns. Raises CheckpointError if it no longer exists."""
    try:
        return path.stat().st_mtime_ns
    except OSError as error:
        raise CheckpointError(
            f"Could not read {path.name}: {error.strerror}. Choose another checkpoint."
        ) from None


# `ui.common.caching` says why not Streamlit's caches. Twice as many as `find` lists, a few KB each.
@lru_cache(maxsize=500)
def _record(path: Path, modified: int) -> TrainingRecord:
    return read_record(path)


def classifier(choice: CheckpointChoice) -> "Classifier":
    """The loaded checkpoint. Raises CheckpointError if the file is damaged or missing."""
    return _classifier(choice.path, modified(choice.path), _uncertainty_modified(choice.path))


def of_run(store: Store, run: RunSummary) -> "Classifier":
    """A run's loaded best checkpoint. Raises CheckpointError if the file is damaged or missing."""
    path = store.best_checkpoint_path(run.id)
    return _classifier(path, modified(path), _uncertainty_modified(path))


def epoch_classifier(choice: CheckpointChoice, epoch_path: Path) -> "Classifier":
    """The checkpoint of one of the run's epochs, with the temperature of its best epoch.

    Raises CheckpointError if a file is damaged or missing.
    """
    return _epoch_classifier(
        epoch_path, modified(epoch_path), choice.path, _uncertainty_modified(choice.path)
    )


def _uncertainty_modified(path: Path) -> int:
    """When a checkpoint's uncertainty model was last written, in ns; 0 if it has none."""
    fitted_path = uncertainty_path(path)
    return fitted_path.stat().st_mtime_ns if fitted_path.exists() else 0


# Enough for a few users who compare six each; a large network takes 6 MB.
@lru_cache(maxsize=16)
def _classifier(path: Path, modified: int, uncertainty_modified: int) -> "Classifier":
    import torch

    from mnistlab.drawing.classifier import Classifier

    # One image gains nothing from more threads, and training needs the cores.
    torch.set_num_threads(1)
    return Classifier(path)


# The shown epochs of three runs. Only small networks save them: up to 0.5 MB each.
@lru_cache(maxsize=200)
def _epoch_classifier(
    path: Path, modified: int, best_path: Path, uncertainty_modified: int
) -> "Classifier":
    from mnistlab.drawing.classifier import Classifier

    best = _classifier(best_path, best_path.stat().st_mtime_ns, uncertainty_modified)
    # The OOD score was fitted to the features of the best epoch, so it does not apply to this one.
    fitted = best.uncertainty
    return Classifier(path, UncertaintyModel(fitted.temperature) if fitted else None)
