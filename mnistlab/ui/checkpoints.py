"""The checkpoints that a visitor may choose from, and the loaded ones."""

import contextlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from mnistlab import zoo
from mnistlab.arch.ledger import ledger
from mnistlab.home import Home
from mnistlab.runs.database import StoreError
from mnistlab.runs.store import Store
from mnistlab.runs.table import best_first
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
        return sorted((self.path.parent / "epochs").glob("*.safetensors"))

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
    paths = [(path, "shipped") for path in zoo.checkpoints()]
    errors = []
    store = Store(home.runs)
    try:
        paths += [
            (store.best_checkpoint(run_id), f"run {run_id}") for run_id in best_first(store, 200)
        ]
    except StoreError as error:
        errors.append(str(error))
    choices = []
    for path, source in paths:
        with contextlib.suppress(FileNotFoundError):  # a run may not have come that far
            try:
                record = _record(path, path.stat().st_mtime_ns)
                name = path.stem if source == "shipped" else record.name
                choices.append(Choice(path, record, source, name))
            except CheckpointError as error:
                errors.append(f"{source.capitalize()}: {error}")
    reader = zoo.reader()
    choices.sort(key=lambda one: (one.path == reader, one.record.headline.accuracy), reverse=True)
    return Found({str(choice.path): choice for choice in choices}, errors)


# Not Streamlit's caches: theirs outlive a reload of the code, and their values' classes are then no
# longer the code's. These go with their module.
@lru_cache(maxsize=500)
def _record(path: Path, changed: int) -> Record:
    return read_record(path)


def reader(choice: Choice) -> "Reader":
    """The choice's network, loaded once. Raises CheckpointError if the file is damaged."""
    return reader_of(choice.path)


def reader_of(path: Path) -> "Reader":
    """A checkpoint's network, loaded once. Raises CheckpointError if the file is damaged."""
    return _reader(path, path.stat().st_mtime_ns)


# A run's epochs may be looked at one after the other; small networks take 100 KB each.
@lru_cache(maxsize=200)
def _reader(path: Path, changed: int) -> "Reader":
    import torch

    from mnistlab.sketch.predict import Reader

    # One digit gains nothing from more threads, and more would wait for the cores that train.
    torch.set_num_threads(1)
    return Reader(path)
