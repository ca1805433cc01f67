"""What the files of a run's archive may hold: each is parsed and checked against the others.

Archives come from strangers, so everything is read with bounds, and nothing is run or unpickled.
Whatever is wrong raises ValueError, which names the file.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from mnistlab import legacy
from mnistlab.arch.spec import MAX_TEXT, Spec, parse
from mnistlab.arch.summary import summarize
from mnistlab.arch.tensors import check_weights
from mnistlab.data.dataset import MNIST
from mnistlab.errors import LabError
from mnistlab.recipe.recipe import Recipe, recipe_from_json
from mnistlab.stats.predictions import MAX_BYTES, predictions_from_bytes
from mnistlab.stats.score import Score
from mnistlab.store.rows import MAX_TIME
from mnistlab.store.run import State
from mnistlab.store.store import MAX_NOTES
from mnistlab.text import MAX_NAME, one_line
from mnistlab.training.epoch import Epoch
from mnistlab.training.record import MAX_HEADER, TrainingRecord, record_from_metadata
from mnistlab.training.tensor_file import check_state, unpacked
from mnistlab.uncertainty import model

Parsed = TypeVar("Parsed")
FORMAT = "mnistlab-run-2"
ENDED = (State.DONE, State.STOPPED)
RUN, BEST, LAST = "run.json", "best.safetensors", "last.safetensors"
RESUME, PREDICTIONS = "resume.safetensors", "predictions.safetensors"
UNCERTAINTY = model.uncertainty_path(Path(BEST)).name
# The files that an archive may have, and the most bytes of each.
MAX_BYTES_OF = {
    RUN: 4 << 20,
    BEST: 64 << 20,
    LAST: 64 << 20,
    RESUME: 64 << 20,
    PREDICTIONS: MAX_BYTES,
    UNCERTAINTY: model.MAX_BYTES,
}
# The texts in run.json with the most characters of each, and its other fields.
TEXTS = {
    "name": MAX_NAME,
    "owner": MAX_NAME,
    "tags": 200,
    "notes": MAX_NOTES,
    "message": MAX_NOTES,
    "spec": MAX_TEXT,
}
FIELDS = {*TEXTS, "format", "recipe", "state", "created", "started", "ended", "epochs", "test"}
MAX_IMAGES = MNIST.n_images
MAX_SECONDS = 10_000_000
"""Of an epoch: four months."""
FLOAT32_MAX = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class ArchivedRun:
    """The content of run.json: `row` has the store's columns by name, the rest as values."""

    row: dict[str, object]
    spec: Spec
    recipe: Recipe
    epochs: tuple[Epoch, ...]
    test: Score | None


def parse_untrusted(name: str, content: bytes, read: Callable[[bytes], Parsed]) -> Parsed:
    """The result of `read`. Raises ValueError, naming the file, whatever `read` raises."""
    try:
        return read(content)
    except Exception as error:  # zipfile, safetensors and unusual values raise many kinds
        message = (
            str(error)
            if isinstance(error, LabError | ValueError)
            else f"damaged, or not written by mnistlab: {error!r}"
        )
        # The error may quote a long text, or half a surrogate pair, which no page can show.
        message = " ".join(message.encode(errors="replace").decode().split())[:200].rstrip(".")
        raise ValueError(f"{name}: {message}") from None


def check_files(files: Mapping[str, bytes]) -> ArchivedRun:
    """Parse run.json, and check the other files against it."""
    if RUN not in files:
        raise ValueError(f"{RUN} is missing")
    run = parse_untrusted(RUN, files[RUN], parse_run)
    for name in {BEST, LAST, RESUME} & set(files):
        check = partial(check_checkpoint, run=run, resumable=name == RESUME)
        parse_untrusted(name, files[name], check)
    for name in {PREDICTIONS, UNCERTAINTY} & set(files):
        if run.row["state"] not in ENDED:
            raise ValueError(f"{name}: a run that has not ended cannot have this file")
    if PREDICTIONS in files:
        parse_untrusted(PREDICTIONS, files[PREDICTIONS], predictions_from_bytes)
    if UNCERTAINTY in files:
        parse_untrusted(
            UNCERTAINTY,
            files[UNCERTAINTY],
            lambda content: model.uncertainty_from_bytes(content, run.spec),
        )
    return run


def parse_run(content: bytes) -> ArchivedRun:
    """Parse run.json, of today's or of the first format. Raises errors of many kinds."""
    values = json.loads(content)
    if isinstance(values, dict):
        values = legacy.upgrade_run(values, FORMAT)
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise ValueError(f"its format is not {FORMAT}")
    if wrong := set(values) ^ FIELDS:
        raise ValueError(f"a field is missing or unknown: {min(wrong)!r}")
    row: dict[str, object] = {name: _text(values, name) for name in TEXTS}
    spec = parse(values["spec"])
    if not isinstance(values["recipe"], dict):
        raise ValueError("its recipe is not an object")
    if not isinstance(values["epochs"], list):
        raise ValueError("its epochs are not a list")
    recipe = recipe_from_json(json.dumps(values["recipe"]))
    epochs = tuple(Epoch(**epoch) for epoch in values["epochs"])
    check_epochs(epochs, recipe)
    state = State(values["state"])
    if state.active:
        raise ValueError(f"a run that is {state} cannot be imported")
    test = None if values["test"] is None else check_score(**values["test"])
    row |= {"name": one_line(values["name"]) or str(spec), "owner": one_line(values["owner"])}
    row |= {"spec": str(spec), "recipe": recipe.to_json(), "parameters": summarize(spec).total}
    row |= {"state": state, "created": _time(values["created"])}
    for name in ("started", "ended"):
        row[name] = None if values[name] is None else _time(values[name])
    row |= {"test_errors": test and test.errors, "test_count": test and test.count}
    return ArchivedRun(row, spec, recipe, epochs, test)


def parse_record(content: bytes) -> TrainingRecord:
    """The record in a safetensors file's header."""
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length]) if length <= MAX_HEADER else {}
    metadata = header.get("__metadata__")
    if not isinstance(metadata, dict):
        raise ValueError("it has no training record")
    return record_from_metadata(metadata, "this file")


def _text(values: Mapping[str, Any], name: str) -> str:
    text = values[name]
    if not isinstance(text, str) or len(text) > TEXTS[name]:
        raise ValueError(f"{name} is not a text of at most {TEXTS[name]:,} characters")
    text.encode()  # raises for half a surrogate pair, which the store cannot hold
    return text


def _time(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < MAX_TIME:
        raise ValueError(f"{value!r} is not a time in seconds since 1970")
    return float(value)


def check_score(errors: object, count: object) -> Score:
    """The score. Raises ValueError if there is none with these numbers."""
    if type(errors) is not int or type(count) is not int or count > MAX_IMAGES:
        raise ValueError(f"{errors!r} errors in {count!r} images is impossible")
    return Score(errors, count)


def check_epochs(epochs: Sequence[Epoch], recipe: Recipe) -> None:
    """Check that these can be the first epochs of a recipe. Raises ValueError otherwise."""
    if len(epochs) > recipe.epochs:
        raise ValueError(f"it has more epochs than the {recipe.epochs} of its recipe")
    for number, epoch in enumerate(epochs, 1):
        if type(epoch.number) is not int or epoch.number != number:
            raise ValueError(f"its epoch {number} has the number {epoch.number!r}")
        check_score(epoch.validation_errors, epoch.validation_count)
        for name, value in asdict(epoch).items():
            largest = {"train_accuracy": 1, "seconds": MAX_SECONDS}.get(name, FLOAT32_MAX)
            # SQLite's integers end at 2⁶³.
            largest = min(largest, 2**53) if isinstance(value, int) else largest
            if type(value) not in (int, float) or not 0 <= value <= largest:
                raise ValueError(f"epoch {number}: {name} cannot be {value!r}")


def check_checkpoint(content: bytes, run: ArchivedRun, resumable: bool) -> None:
    """Check a checkpoint or a training state against its run. Raises errors of many kinds."""
    tensors, metadata = unpacked(content)
    record = record_from_metadata(metadata, "this file")
    if (record.spec, record.recipe) != (run.spec, run.recipe):
        raise ValueError(f"it belongs to another training ({record.spec})")
    check_epochs(record.epochs, run.recipe)
    # A process that was killed may have saved one epoch more here than in the store.
    count = min(len(record.epochs), len(run.epochs)) if resumable else len(record.epochs)
    if record.epochs[:count] != run.epochs[:count]:
        raise ValueError("its epochs are not the run's")
    if record.test and run.test and record.test != run.test:
        raise ValueError("its test score is not the run's")
    if resumable:
        check_state(run.spec, run.recipe, legacy.upgrade_state(tensors))
    else:
        check_weights(run.spec, tensors)
