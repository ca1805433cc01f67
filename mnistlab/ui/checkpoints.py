"""The checkpoints that a visitor may choose from, and the loaded ones."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from mnistlab import zoo
from mnistlab.arch.ledger import ledger
from mnistlab.home import Home
from mnistlab.runs.sqlite_errors import StoreError
from mnistlab.runs.store import Store, epochs_beside
from mnistlab.runs.table import best_first
from mnistlab.training.doubt import beside, temperature_alone
from mnistlab.training.record import CheckpointError, Record, read_record
from mnistlab.training.score import percent

if TYPE_CHECKING:
    from mnistlab.sketch.predict import Reader


@dataclass(frozen=True)
class Choice:
    """A checkpoint on disk, as a line to choose."""

    path: Path
    record: Record
    source: str
    name: str

    @property
    def epochs(self) -> list[Path]:
        """The checkpoints of the run's epochs, the first one first; none of a shipped one."""
        return epochs_beside(self.path)

    def __str__(self) -> str:
        doubt = " (optimistic)" if self.record.optimistic else ""
        return (
            f"{percent(self.record.headline.accuracy)}{doubt} · {self.name} · "
            f"{ledger(self.record.spec).total:,} parameters · {self.source}"
        )


@dataclass(frozen=True)
class Found:
    """The checkpoints that can be read, by their path, and what is wrong with the others."""

    choices: dict[str, Choice]
    errors: list[str]


def find(home: Home) -> Found:
    """The zoo's checkpoints and the best runs' best ones: what was trained for drawings, then the
    most accurate first.
    """
    paths = [(path, "shipped", path.stem) for path in zoo.checkpoints()]
    errors = []
    store = Store(home.runs)
    try:
        paths += [
            (store.best_checkpoint(run.id), f"run {run.id}", run.name)
            for run in best_first(store, 200)
        ]
    except StoreError as error:
        errors.append(str(error))
    choices = []
    for path, source, name in paths:
        if not path.exists():
            continue  # the run's files went while it was looked for
        try:
            choices.append(Choice(path, _record(path, changed(path)), source, name))
        except CheckpointError as error:
            errors.append(f"{source.capitalize()}: {error}")
    reader = zoo.reader()
    choices.sort(key=lambda one: (one.path == reader, one.record.headline.accuracy), reverse=True)
    return Found({str(choice.path): choice for choice in choices}, errors)


def changed(path: Path) -> int:
    """When a checkpoint was written last. Raises CheckpointError if it is not there any more."""
    try:
        return path.stat().st_mtime_ns
    except OSError as error:
        raise CheckpointError(
            f"{path.name} is not there any more ({error.strerror}); choose another checkpoint."
        ) from None


# Not Streamlit's caches: see `mnistlab.ui.caching`. All that `find` lists, twice; a few KB each.
@lru_cache(maxsize=500)
def _record(path: Path, changed: int) -> Record:
    return read_record(path)


def reader(choice: Choice) -> "Reader":
    """The choice's network, loaded once. Raises CheckpointError if the file is damaged or gone."""
    return _reader(choice.path, changed(choice.path), _changed_doubt(choice.path))


def epoch_reader(choice: Choice, epoch: Path) -> "Reader":
    """The network of one of the choice's epochs; its answers are as sure as the choice's are.

    Raises CheckpointError if a file is damaged or gone.
    """
    return _epoch_reader(epoch, changed(epoch), choice.path, _changed_doubt(choice.path))


def _changed_doubt(path: Path) -> int:
    """When what goes with a checkpoint was written; 0 while there is nothing."""
    fitted = beside(path)
    return fitted.stat().st_mtime_ns if fitted.exists() else 0


# A few visitors' choices, six side by side; a large network takes 6 MB.
@lru_cache(maxsize=16)
def _reader(path: Path, changed: int, changed_doubt: int) -> "Reader":
    import torch

    from mnistlab.sketch.predict import Reader

    # One digit gains nothing from more threads, and more would wait for the cores that train.
    torch.set_num_threads(1)
    return Reader(path)


# Three runs of as many epochs as are shown. Only small networks keep theirs: up to 0.5 MB each.
@lru_cache(maxsize=200)
def _epoch_reader(path: Path, changed: int, best: Path, changed_doubt: int) -> "Reader":
    from mnistlab.sketch.predict import Reader

    known = _reader(best, best.stat().st_mtime_ns, changed_doubt).doubt
    # How far digits lie from each other was fitted to the best epoch's maps, not to this one's.
    return Reader(path, temperature_alone(known.temperature) if known else None)
