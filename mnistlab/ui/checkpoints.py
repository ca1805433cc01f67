"""The checkpoints that a visitor may choose from, and the loaded ones."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from mnistlab import zoo
from mnistlab.arch.ledger import ledger
from mnistlab.home import Home
from mnistlab.runs.store import Store
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

    def __str__(self) -> str:
        return (
            f"{self.record.name} · {percent(self.record.headline.accuracy)} · "
            f"{ledger(self.record.spec).total:,} parameters · {self.source}"
        )


def choices(home: Home) -> list[Choice]:
    """The zoo's checkpoints and the runs', the most accurate first; damaged ones are left out."""
    store = Store(home.runs)
    paths = [(path, "shipped") for path in zoo.checkpoints()]
    paths += [(store.best_checkpoint(run.id), f"run {run.id}") for run in store.runs(200)]
    found = []
    for path, source in paths:
        if path.is_file():
            try:
                found.append(Choice(path, _record(path, path.stat().st_mtime_ns), source))
            except CheckpointError:
                continue
    return sorted(found, key=lambda choice: choice.record.headline.accuracy, reverse=True)


@st.cache_data(show_spinner=False, max_entries=500)
def _record(path: Path, changed: int) -> Record:
    return read_record(path)


def reader(choice: Choice) -> "Reader":
    """The choice's network, loaded once. Raises CheckpointError if the file is damaged."""
    return _reader(choice.path, choice.path.stat().st_mtime_ns)


@st.cache_resource(show_spinner=False, max_entries=16)
def _reader(path: Path, changed: int) -> "Reader":
    from mnistlab.sketch.predict import Reader

    return Reader(path)
