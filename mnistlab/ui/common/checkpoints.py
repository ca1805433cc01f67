"""The checkpoints that a visitor may choose from, and the loaded ones."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from mnistlab import zoo
from mnistlab.arch.summary import summarize
from mnistlab.errors import CheckpointError
from mnistlab.home import Home
from mnistlab.stats.score import percent
from mnistlab.store.database.errors import StoreError
from mnistlab.store.store import Store, epoch_checkpoints
from mnistlab.store.table import best_first
from mnistlab.training.record import TrainingRecord, read_record
from mnistlab.uncertainty.model import temperature_only, uncertainty_path

if TYPE_CHECKING:
    from mnistlab.drawing.classifier import Classifier


@dataclass(frozen=True)
class CheckpointChoice:
    """A checkpoint on disk, as a line to choose."""

    path: Path
    record: TrainingRecord
    source: str
    name: str

    @property
    def epochs(self) -> list[Path]:
        """The checkpoints of the run's epochs, the first one first; none of a shipped one."""
        return epoch_checkpoints(self.path)

    def __str__(self) -> str:
        uncertainty = " (optimistic)" if self.record.optimistic else ""
        return (
            f"{percent(self.record.reported_score.accuracy)}{uncertainty} · {self.name} · "
            f"{summarize(self.record.spec).total:,} parameters · {self.source}"
        )


@dataclass(frozen=True)
class CheckpointList:
    """The checkpoints that can be read, by their path, and what is wrong with the others."""

    choices: dict[str, CheckpointChoice]
    errors: list[str]


def find(home: Home) -> CheckpointList:
    """The zoo's checkpoints and the best runs' best ones: what was trained for drawings, then the
    most accurate first.
    """
    paths = [(path, "shipped", path.stem) for path in zoo.checkpoints()]
    errors = []
    store = Store(home.runs)
    try:
        paths += [
            (store.best_checkpoint_path(run.id), f"run {run.id}", run.name)
            for run in best_first(store, 200)
        ]
    except StoreError as error:
        errors.append(str(error))
    choices = []
    for path, source, name in paths:
        if not path.exists():
            continue  # the run's files went while it was looked for
        try:
            choices.append(CheckpointChoice(path, _record(path, changed(path)), source, name))
        except CheckpointError as error:
            errors.append(f"{source.capitalize()}: {error}")
    classifier = zoo.default_checkpoint()
    choices.sort(
        key=lambda one: (one.path == classifier, one.record.reported_score.accuracy), reverse=True
    )
    return CheckpointList({str(choice.path): choice for choice in choices}, errors)


def changed(path: Path) -> int:
    """When a checkpoint was written last. Raises CheckpointError if it is not there any more."""
    try:
        return path.stat().st_mtime_ns
    except OSError as error:
        raise CheckpointError(
            f"{path.name} is not there any more ({error.strerror}); choose another checkpoint."
        ) from None


# Not Streamlit's caches: see `ui.common.caching`. All that `find` lists, twice; a few KB each.
@lru_cache(maxsize=500)
def _record(path: Path, changed: int) -> TrainingRecord:
    return read_record(path)


def classifier(choice: CheckpointChoice) -> "Classifier":
    """The choice's network, loaded once. Raises CheckpointError if the file is damaged or gone."""
    return _classifier(choice.path, changed(choice.path), _changed_doubt(choice.path))


def epoch_classifier(choice: CheckpointChoice, epoch: Path) -> "Classifier":
    """The network of one of the choice's epochs; its answers are as sure as the choice's are.

    Raises CheckpointError if a file is damaged or gone.
    """
    return _epoch_classifier(epoch, changed(epoch), choice.path, _changed_doubt(choice.path))


def _changed_doubt(path: Path) -> int:
    """When what goes with a checkpoint was written; 0 while there is nothing."""
    fitted = uncertainty_path(path)
    return fitted.stat().st_mtime_ns if fitted.exists() else 0


# A few visitors' choices, six side by side; a large network takes 6 MB.
@lru_cache(maxsize=16)
def _classifier(path: Path, changed: int, changed_doubt: int) -> "Classifier":
    import torch

    from mnistlab.drawing.classifier import Classifier

    # One digit gains nothing from more threads, and more would wait for the cores that train.
    torch.set_num_threads(1)
    return Classifier(path)


# Three runs of as many epochs as are shown. Only small networks keep theirs: up to 0.5 MB each.
@lru_cache(maxsize=200)
def _epoch_classifier(path: Path, changed: int, best: Path, changed_doubt: int) -> "Classifier":
    from mnistlab.drawing.classifier import Classifier

    known = _classifier(best, best.stat().st_mtime_ns, changed_doubt).uncertainty
    # How far digits lie from each other was fitted to the best epoch's maps, not to this one's.
    return Classifier(path, temperature_only(known.temperature) if known else None)
