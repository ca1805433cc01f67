"""Where a teacher is found: among the copies, the pretrained checkpoints and the finished runs."""

import re
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from mnistlab import zoo
from mnistlab.arch.spec import Spec
from mnistlab.errors import CheckpointError, LabError
from mnistlab.home import Home
from mnistlab.recipe.recipe import TEACHER_DIGITS
from mnistlab.store.run import State
from mnistlab.store.store import Store
from mnistlab.store.table import Query, table
from mnistlab.training.record import Teacher
from mnistlab.training.teachers import (
    read_teacher,
    save_teacher,
    saved_teacher,
    teacher_path,
)

FINISHED = (State.DONE, State.STOPPED)
"""The states of a run whose best checkpoint will not change."""


def ensure_teacher(home: Home, short: str, store: Store | None = None) -> Teacher:
    """The teacher that a recipe calls `short`, copied to the lab's folder if it is not there.

    `store` is the lab's, if it is to be read with another patience. Raises CheckpointError if the
    lab does not have it or its copy cannot be written.
    """
    try:
        return saved_teacher(home.teachers, short)
    except CheckpointError:
        for path in _checkpoints(store or Store.of(home)):
            if _is_teacher(path, short):
                return save_teacher(home.teachers, path)
        raise


def find_teacher(home: Home, short: str) -> Teacher:
    """The teacher that a recipe calls `short`, copied or not; its file is read at most once.

    Raises CheckpointError if the lab does not have it.
    """
    for path in (teacher_path(home.teachers, short), *_checkpoints(Store.of(home))):
        if _is_teacher(path, short):
            return checkpoint_teacher(path)
    return saved_teacher(home.teachers, short)


def teacher_spec(home: Home, short: str) -> Spec | None:
    """The network of the teacher that a recipe calls `short`, None if the lab does not have it."""
    try:
        return find_teacher(home, short).spec
    except LabError:
        return None


def _is_teacher(path: Path, short: str) -> bool:
    try:
        return checkpoint_teacher(path).short == short
    except CheckpointError:
        return False  # a missing or damaged file is not what is looked for


def _checkpoints(store: Store) -> Iterator[Path]:
    """The pretrained checkpoints, and the best ones of the finished runs, newest first."""
    yield from zoo.checkpoints()
    runs = table(store, Query(states=FINISHED, size=sys.maxsize)).rows
    yield from (store.best_checkpoint_path(run.id) for run in runs)


def checkpoint_teacher(path: Path) -> Teacher:
    """A checkpoint as a teacher; read once while the file stays the same.

    Raises CheckpointError if it is missing or damaged.
    """
    try:
        modified_at = path.stat().st_mtime_ns
    except OSError as error:
        raise CheckpointError(
            f"Could not read {path.name}: {error.strerror}. Choose another checkpoint."
        ) from None
    found = _read_teacher(path, modified_at)
    if isinstance(found, CheckpointError):
        raise found
    return found


def pretrained_teacher(name: str) -> Teacher:
    """A pretrained checkpoint as a teacher. Raises CheckpointError if it is missing or damaged."""
    return checkpoint_teacher(zoo.FOLDER / f"{name}.safetensors")


@lru_cache(maxsize=2000)
def _read_teacher(path: Path, modified_at: int) -> Teacher | CheckpointError:
    """The teacher, or why there is none: a damaged file, too, is read only once."""
    try:
        return read_teacher(path)
    except CheckpointError as error:
        return error


def teacher_named(home: Home, text: str) -> str:
    """What a recipe calls the teacher that a person named; its checkpoint is copied.

    The text is a run's number, a pretrained checkpoint's name, a checkpoint's path, or what a
    recipe calls it. Raises LabError if there is no such checkpoint or its copy cannot be written.
    """
    if re.fullmatch(f"[0-9a-f]{{{TEACHER_DIGITS}}}", text):
        return ensure_teacher(home, text).short
    return save_teacher(home.teachers, _path_named(home, text)).short


def _path_named(home: Home, text: str) -> Path:
    """The checkpoint of a run's number, a pretrained name or a path."""
    if re.fullmatch("[0-9]{1,15}", text):
        store = Store.of(home)
        run = store.run(int(text))
        if run is None or run.state not in FINISHED:
            raise LabError(f"Teacher: run {text} is not a finished run. Choose one that has ended.")
        return store.best_checkpoint_path(run.id)
    if path := zoo.checkpoint(text):
        return path
    path = Path(text)
    if not path.is_file():
        names = ", ".join(path.stem for path in zoo.checkpoints())
        raise LabError(
            f"Teacher “{text}” not found. Give a finished run's number, a pretrained checkpoint's "
            f"name ({names}) or a checkpoint's path."
        )
    return path
