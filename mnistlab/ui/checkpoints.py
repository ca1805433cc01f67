"""The checkpoints that a visitor may choose from, and the loaded ones."""

import contextlib
from collections.abc import Iterable
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


def shipped() -> list[Choice]:
    """The zoo's checkpoints."""
    return _readable((path, "shipped") for path in zoo.checkpoints())


def trained(home: Home) -> list[Choice]:
    """The best checkpoints of the newest runs. Raises StoreError if the store cannot be read."""
    store = Store(home.runs)
    return _readable((store.best_checkpoint(run.id), f"run {run.id}") for run in store.runs(200))


def _readable(paths: Iterable[tuple[Path, str]]) -> list[Choice]:
    """Those that are there and have a whole record."""
    found = []
    for path, source in paths:
        with contextlib.suppress(CheckpointError, FileNotFoundError):
            found.append(Choice(path, _record(path, path.stat().st_mtime_ns), source))
    return found


@st.cache_data(show_spinner=False, max_entries=500)
def _record(path: Path, changed: int) -> Record:
    return read_record(path)


def reader(choice: Choice) -> "Reader":
    """The choice's network, loaded once. Raises CheckpointError if the file is damaged."""
    return _reader(choice.path, choice.path.stat().st_mtime_ns)


@st.cache_resource(show_spinner=False, max_entries=16)
def _reader(path: Path, changed: int) -> "Reader":
    import torch

    from mnistlab.sketch.predict import Reader

    # One digit gains nothing from more threads, and more would wait for the cores that train.
    torch.set_num_threads(1)
    return Reader(path)
