"""Where a teacher or initial weights are found: a copy, a pretrained checkpoint, a finished run."""

import re
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from mnistlab import zoo
from mnistlab.arch.spec import Spec
from mnistlab.errors import CheckpointError, LabError
from mnistlab.home import Home
from mnistlab.recipe.recipe import CHECKSUM_DIGITS
from mnistlab.store.run import State
from mnistlab.store.store import Store
from mnistlab.store.table import Query, table
from mnistlab.training.record import SourceNetwork
from mnistlab.training.sources import (
    read_source,
    save_source,
    saved_source,
    source_path,
)

FINISHED = (State.DONE, State.STOPPED)
"""The states of a run whose best checkpoint will not change."""


def ensure_source(home: Home, short: str, store: Store | None = None) -> SourceNetwork:
    """The source that a recipe calls `short`, copied to the lab's folder if it is not there.

    `store` is the lab's, if it is to be read with another patience. Raises CheckpointError if the
    lab does not have it or its copy cannot be written.
    """
    try:
        return saved_source(home.sources, short)
    except CheckpointError:
        for path in _checkpoints(store or Store.of(home)):
            if _is_source(path, short):
                return save_source(home.sources, path)
        raise


def find_source(home: Home, short: str) -> SourceNetwork:
    """The source that a recipe calls `short`, copied or not; its file is read at most once.

    Raises CheckpointError if the lab does not have it.
    """
    for path in (source_path(home.sources, short), *_checkpoints(Store.of(home))):
        if _is_source(path, short):
            return checkpoint_source(path)
    return saved_source(home.sources, short)


def teacher_spec(home: Home, short: str) -> Spec | None:
    """The network of the teacher that a recipe calls `short`, None if the lab does not have it."""
    try:
        return find_source(home, short).spec
    except LabError:
        return None


def _is_source(path: Path, short: str) -> bool:
    try:
        return checkpoint_source(path).short == short
    except CheckpointError:
        return False  # a missing or damaged file is not what is looked for


def _checkpoints(store: Store) -> Iterator[Path]:
    """The pretrained checkpoints, and the best ones of the finished runs, newest first."""
    yield from zoo.checkpoints()
    runs = table(store, Query(states=FINISHED, size=sys.maxsize)).rows
    yield from (store.best_checkpoint_path(run.id) for run in runs)


def checkpoint_source(path: Path) -> SourceNetwork:
    """A checkpoint as a source; read once while the file stays the same.

    Raises CheckpointError if it is missing or damaged.
    """
    try:
        modified_at = path.stat().st_mtime_ns
    except OSError as error:
        raise CheckpointError(
            f"Could not read {path.name}: {error.strerror}. Choose another checkpoint."
        ) from None
    found = _read_source(path, modified_at)
    if isinstance(found, CheckpointError):
        raise found
    return found


def pretrained_source(name: str) -> SourceNetwork:
    """A pretrained checkpoint as a source. Raises CheckpointError if it is missing or damaged."""
    return checkpoint_source(zoo.FOLDER / f"{name}.safetensors")


@lru_cache(maxsize=2000)
def _read_source(path: Path, modified_at: int) -> SourceNetwork | CheckpointError:
    """The source, or why there is none: a damaged file, too, is read only once."""
    try:
        return read_source(path)
    except CheckpointError as error:
        return error


def source_named(home: Home, text: str) -> str:
    """What a recipe calls the checkpoint that a person named; its checkpoint is copied.

    The text is a run's number, a pretrained checkpoint's name, a checkpoint's path, or what a
    recipe calls it. Raises LabError if there is no such checkpoint or its copy cannot be written.
    """
    if re.fullmatch(f"[0-9a-f]{{{CHECKSUM_DIGITS}}}", text):
        return ensure_source(home, text).short
    return save_source(home.sources, _path_named(home, text)).short


def _path_named(home: Home, text: str) -> Path:
    """The checkpoint of a run's number, a pretrained name or a path."""
    if re.fullmatch("[0-9]{1,15}", text):
        store = Store.of(home)
        run = store.run(int(text))
        if run is None or run.state not in FINISHED:
            raise LabError(
                f"Checkpoint: run {text} is not a finished run. Choose one that has ended."
            )
        return store.best_checkpoint_path(run.id)
    if path := zoo.checkpoint(text):
        return path
    path = Path(text)
    if not path.is_file():
        names = ", ".join(path.stem for path in zoo.checkpoints())
        raise LabError(
            f"Checkpoint “{text}” not found. Give a finished run's number, a pretrained "
            f"checkpoint's name ({names}) or a checkpoint's path."
        )
    return path
