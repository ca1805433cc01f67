"""What came back from a node, checked like an archive of a stranger, and written to the store.

A training's state is written first: whatever a kill leaves unwritten follows from it.
"""

import math
import re
from functools import partial

from mnistlab.arch.tensors import check_weights
from mnistlab.atomic import write_atomic
from mnistlab.cluster.messages import Ended, Files, Message, Status, Trained
from mnistlab.stats.predictions import predictions_from_bytes
from mnistlab.store.exchange.archive_content import (
    BEST,
    LAST,
    MAX_BYTES_OF,
    MAX_IMAGES,
    PREDICTIONS,
    RESUME,
    UNCERTAINTY,
    ArchivedRun,
    check_checkpoint,
    check_epochs,
    check_score,
    parse_record,
    parse_untrusted,
)
from mnistlab.store.run import Request, Run, State
from mnistlab.store.store import Store
from mnistlab.training.epoch import Epoch, Phase, Progress
from mnistlab.training.tensor_file import unpacked
from mnistlab.uncertainty import model

EPOCH_FILE = re.compile(r"epochs/(\d{4})\.safetensors")
RELEASED = (State.DONE, State.STOPPED, State.PAUSED, State.QUEUED, State.FAILED)
MAX_MESSAGE = 500
"""Characters of what a node says."""


def take_in(store: Store, run: Run, message: Message) -> Request | None:
    """Write a node's message to the store; the run's request, None if this does not tell.

    Raises ValueError if it is not what a training of this run sends; nothing is written then.
    """
    known = _epochs(store, run)
    parse_untrusted("message", b"", lambda _: _check_message(run, message, known))
    match message:
        case Status(text, progress):
            return store.report(run.id, _text(text), progress)
        case Trained(epochs, replaces, files):
            if not _is_running(store, run):
                return Request.PAUSE
            _write(store, run, files)
            if replaces:
                store.replace_epochs(run.id, epochs)
            else:
                for epoch in epochs:
                    store.add_epoch(run.id, epoch)
        case Ended(state, text, test, files, is_resumable):
            if _is_running(store, run):
                _write(store, run, files)
                store.finish(run.id, state, _text(text), test)
                if not is_resumable and state in (State.DONE, State.STOPPED):
                    store.resume_path(run.id).unlink(missing_ok=True)
    return None


def files_to_send(store: Store, run: Run) -> Files:
    """What a node needs to go on with a run after its last complete epoch."""
    paths = {RESUME: store.resume_path(run.id), BEST: store.best_checkpoint_path(run.id)}
    paths[PREDICTIONS] = store.predictions_path(run.id)
    return {name: path.read_bytes() for name, path in paths.items() if path.is_file()}


def _is_running(store: Store, run: Run) -> bool:
    """Whether the run is still this dispatcher's: it may have been taken from a node that hung."""
    now = store.run(run.id)
    return now is not None and now.state is State.RUNNING


def _epochs(store: Store, run: Run) -> tuple[Epoch, ...]:
    now = store.run(run.id)
    return now.epochs if now else ()


def _check_message(run: Run, message: Message, known: tuple[Epoch, ...]) -> None:
    """Check a message of a run with these epochs. Raises errors of many kinds."""
    match message:
        case Status(text, progress):
            _text(text)
            if progress is not None:
                _check_progress(progress, run.recipe.epochs)
        case Trained(epochs, replaces, files):
            _check(run, (*(() if replaces else known), *epochs), files)
        case Ended(state, text, test, files, _):
            _text(text)
            if state not in RELEASED:
                raise ValueError(f"a training cannot end as {state!r}")
            if test is not None:
                check_score(test.errors, test.count)
            _check(run, known, files)
        case _:
            raise ValueError(f"{type(message).__name__} is no message of a training")


def _check(run: Run, epochs: tuple[Epoch, ...], files: Files) -> None:
    """Raise ValueError if an epoch or a file cannot be one of this run."""
    check_epochs(epochs, run.recipe)
    known = ArchivedRun({}, run.spec, run.recipe, epochs, None)
    for name, content in files.items():
        largest = MAX_BYTES_OF[BEST] if EPOCH_FILE.fullmatch(name) else MAX_BYTES_OF.get(name, -1)
        if not isinstance(content, bytes) or len(content) > largest:
            raise ValueError(f"{name[:60]!r} is not a file of a training, or too large")
        if EPOCH_FILE.fullmatch(name):
            parse_untrusted(name, content, partial(_check_epoch_file, run=run))
        elif name in (BEST, LAST, RESUME):
            check = partial(check_checkpoint, run=known, resumable=name == RESUME)
            parse_untrusted(name, content, check)
        elif name == PREDICTIONS:
            parse_untrusted(name, content, predictions_from_bytes)
        elif name == UNCERTAINTY:
            parse_untrusted(name, content, partial(model.uncertainty_from_bytes, spec=run.spec))
        else:
            raise ValueError(f"{name} is not a file of a training")


def _check_epoch_file(content: bytes, run: Run) -> None:
    """An epoch's weights, whose record has that epoch alone."""
    record = parse_record(content)
    if (record.spec, record.recipe) != (run.spec, run.recipe):
        raise ValueError(f"it belongs to another training ({record.spec})")
    check_weights(run.spec, unpacked(content)[0])


def _write(store: Store, run: Run, files: Files) -> None:
    for name in sorted(files, key=lambda name: name != RESUME):
        path = store.run_folder(run.id) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, files[name])


def _text(text: object) -> str:
    if not isinstance(text, str):
        raise ValueError("what it says is no text")
    return " ".join(text.split())[:MAX_MESSAGE]


def _check_progress(progress: Progress, n_epochs: int) -> None:
    counts = progress.epoch, progress.done, progress.total
    is_possible = all(type(each) is int for each in counts) and 0 <= counts[1] <= counts[2]
    if not (is_possible and 0 < progress.total <= MAX_IMAGES and 0 < progress.epoch <= n_epochs):
        raise ValueError("its progress is impossible")
    if not 0 <= progress.images_per_second < math.inf or progress.phase not in list(Phase):
        raise ValueError("its progress is impossible")
