"""A whole run as one zip file that another lab takes in.

`run.json` holds what the store knows of the run; beside it lie the run's safetensors files as they
are, but for those of the single epochs, which stay where it was trained. Archives come from
strangers, so all of one is checked before anything of it is kept: it is read with bounds, nothing
in it is run or unpickled, and no name in it becomes a path.
"""

import io
import json
import shutil
import stat
import uuid
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from safetensors.numpy import load

from mnistlab import legacy
from mnistlab.arch.spec import MAX_TEXT, Spec, parse
from mnistlab.arch.summary import summarize
from mnistlab.atomic import write_atomic
from mnistlab.data.dataset import MNIST
from mnistlab.errors import LabError
from mnistlab.stats.predictions import MAX_BYTES, predictions_from_bytes
from mnistlab.stats.score import Score
from mnistlab.store.database.errors import StoreError
from mnistlab.store.run import Run, State
from mnistlab.store.store import MAX_NAME, MAX_NOTES, Store, one_line
from mnistlab.training.epoch import Epoch
from mnistlab.training.recipe import Recipe, recipe_from_json
from mnistlab.training.record import MAX_HEADER, TrainingRecord, record_from_metadata
from mnistlab.uncertainty import model
from mnistlab.uploads import RUN_ARCHIVE, megabytes

Read = TypeVar("Read")
FORMAT = "mnistlab-run-2"
ENDED = (State.DONE, State.STOPPED)
RUN, BEST, LAST = "run.json", "best.safetensors", "last.safetensors"
RESUME, PREDICTIONS = "resume.safetensors", "predictions.safetensors"
UNCERTAINTY = model.uncertainty_path(Path(BEST)).name
# The files that there may be and the most bytes of each; the lab reads no larger readings.
MAX_BYTES_OF = {
    RUN: 4 << 20,
    BEST: 64 << 20,
    LAST: 64 << 20,
    RESUME: 64 << 20,
    PREDICTIONS: MAX_BYTES,
}
MAX_BYTES_OF[UNCERTAINTY] = model.MAX_BYTES
# The texts in run.json with the most characters of each, and its other fields.
TEXTS = dict(name=MAX_NAME, owner=MAX_NAME, tags=200, notes=MAX_NOTES, message=MAX_NOTES)
TEXTS["spec"] = MAX_TEXT
FIELDS = {*TEXTS, "format", "recipe", "state", "created", "started", "ended", "epochs", "test"}
MAX_IMAGES = MNIST.n_images
MAX_TIME = 4_102_444_800  # the year 2100: a date that every time zone can show
MAX_SECONDS = 10_000_000  # of an epoch: four months
FLOAT32 = float(np.finfo(np.float32).max)


class ArchiveError(LabError):
    """A file that is not a run which the lab can take in, or a run that cannot be packed."""


@dataclass(frozen=True)
class _Packed:
    """What run.json says: the store's columns by name, and as values what files must agree with."""

    row: dict[str, object]
    spec: Spec
    recipe: Recipe
    epochs: tuple[Epoch, ...]
    test: Score | None


def export_run(store: Store, run_id: int) -> bytes:
    """A run as a zip file, the same bytes every time; one that is not at its end as interrupted.

    Raises StoreError if there is no such run, ArchiveError if a file of it is damaged: whatever is
    packed can be taken in.
    """
    folder = store.run_folder(run_id)
    try:
        # Before the store's row: if the run trains on meanwhile, no file is ahead of the row.
        files = {
            name: path.read_bytes() for name in MAX_BYTES_OF if (path := folder / name).exists()
        }
        run = store.run(run_id)
        if run is None:
            raise StoreError(f"There is no run {run_id}; choose one from the table of runs.")
        if run.state not in ENDED:
            # They are made when a run ends, and that is still to come.
            files.pop(PREDICTIONS, None)
            files.pop(UNCERTAINTY, None)
        files[RUN] = _run_json(run, files)
        _check(files)
    except StoreError:
        raise
    except (OSError, LabError, ValueError) as error:
        raise ArchiveError(
            f"Run {run_id} cannot be packed: {error}. If it trains, try again; if a "
            f"file is damaged, move it out of {folder}."
        ) from None
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)  # of the year 1980, not of now
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _run_json(run: Run, files: Mapping[str, bytes]) -> bytes:
    epochs = run.epochs
    for name in {BEST, LAST} & set(files):
        # A process that was killed may have kept an epoch of which the store has not heard.
        kept = _parse_untrusted(name, files[name], _record).epochs
        epochs = kept if kept[: len(epochs)] == epochs else epochs
    values = asdict(replace(run, epochs=epochs))
    values |= {"format": FORMAT, "spec": str(run.spec), "tags": " ".join(run.tags)}
    if run.state.active:
        values |= {"state": State.INTERRUPTED, "ended": run.heartbeat or run.created}
        values["message"] = f"Packed while it was {run.state}. Resume it to go on."
    values |= {name: values[name][:most] for name, most in TEXTS.items()}
    return json.dumps({name: values[name] for name in sorted(FIELDS)}, indent=1).encode()


def import_run(store: Store, content: bytes) -> int:
    """Add the run that `pack` gave, with its files, as a new one; its id.

    Raises ArchiveError if anything about the content is wrong or the disk does not take it, and
    StoreError if the store does not; the lab's runs are then as they were.
    """
    try:
        files = _parse_untrusted("the file", content, _members)
        packed = _check(files)
    except (LabError, ValueError) as error:
        raise ArchiveError(
            f"This file cannot be taken in as a run: {error}. Nothing was changed; choose "
            "a file that the lab has exported, or export it again."
        ) from None
    # Next to the runs' folders, so that one rename brings all files to their place.
    folder = store.folder / f".import-{uuid.uuid4().hex}"
    try:
        for name in files.keys() - {RUN}:
            write_atomic(folder / name, files[name])
        return store.add_ended(packed.row, packed.epochs, folder)
    except OSError as error:
        raise ArchiveError(
            f"{store.folder} does not take the run's files ({error}). Make room on the disk or "
            "mend what it says, and import again."
        ) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _members(content: bytes) -> dict[str, bytes]:
    """The archive's files by name, none of them larger than it may be."""
    end = content[-22:]
    if len(content) > RUN_ARCHIVE or not end.startswith(b"PK\5\6"):
        raise ValueError(
            f"it is no zip file, was cut short or is above {megabytes(RUN_ARCHIVE)} MB"
        )
    # zipfile reads the whole list of files at once, and that could have millions of names.
    if content[-42:-38] == b"PK\6\7" or int.from_bytes(end[12:16], "little") > 4096:
        raise ValueError("its list of files is too long")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        if len({entry.orig_filename for entry in entries}) < len(entries):
            raise ValueError("it holds a file twice")
        files = {entry.orig_filename: _member(archive, entry) for entry in entries}
    return legacy.rename(files, legacy.RUN_FILES)


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    name = entry.orig_filename
    most = MAX_BYTES_OF.get(legacy.RUN_FILES.get(name, name))
    if most is None:
        raise ValueError(f"it holds {name[:80]!r}; a run has only {', '.join(MAX_BYTES_OF)}")
    if entry.flag_bits & 1 or stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
        raise ValueError(f"{name} is encrypted, or is not a plain file")
    # Of these two alone zipfile unpacks no more at once than it is asked for.
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"{name} is packed in a way that the lab does not read")
    with archive.open(entry) as file:
        content = file.read(most + 1)
    if len(content) > most or len(content) != entry.file_size:
        raise ValueError(f"{name} is above {most >> 20} MB, or not as long as it says")
    return content


def _parse_untrusted(name: str, content: bytes, read: Callable[[bytes], Read]) -> Read:
    """What `read` makes of foreign bytes. Raises ValueError, naming them, whatever it raises."""
    try:
        return read(content)
    except Exception as error:  # zipfile, safetensors and odd values have errors of many kinds
        what = (
            str(error)
            if isinstance(error, LabError | ValueError)
            else f"damaged or foreign: {error!r}"
        )
        # What the error quotes may be long, or half a character that no page can show.
        what = " ".join(what.encode(errors="replace").decode().split())[:200].rstrip(".")
        raise ValueError(f"{name}: {what}") from None


def _check(files: Mapping[str, bytes]) -> _Packed:
    if RUN not in files:
        raise ValueError(f"{RUN} is missing")
    packed = _parse_untrusted(RUN, files[RUN], _packed)
    for name in {BEST, LAST, RESUME} & set(files):
        check = partial(_check_weights, packed=packed, resumable=name == RESUME)
        _parse_untrusted(name, files[name], check)
    for name in {PREDICTIONS, UNCERTAINTY} & set(files):
        if packed.row["state"] not in ENDED:
            raise ValueError(f"{name}: a run that has not ended has none yet")
    if PREDICTIONS in files:
        _parse_untrusted(PREDICTIONS, files[PREDICTIONS], predictions_from_bytes)
    if UNCERTAINTY in files:
        _parse_untrusted(
            UNCERTAINTY,
            files[UNCERTAINTY],
            lambda content: model.uncertainty_from_bytes(content, packed.spec),
        )
    return packed


def _packed(content: bytes) -> _Packed:
    values = json.loads(content)
    if isinstance(values, dict):
        values = legacy.upgrade_run(values, FORMAT)
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise ValueError(f"its format is not {FORMAT}")
    if wrong := set(values) ^ FIELDS:
        raise ValueError(f"a field is missing or unknown: {min(wrong)!r}")
    row: dict[str, object] = {name: _text(values, name) for name in TEXTS}
    spec = parse(values["spec"])
    if not (isinstance(values["recipe"], dict) and isinstance(values["epochs"], list)):
        raise ValueError("its recipe or its epochs are not what they should be")
    recipe = recipe_from_json(json.dumps(values["recipe"]))
    epochs = tuple(Epoch(**epoch) for epoch in values["epochs"])
    _check_epochs(epochs, recipe)
    state = State(values["state"])
    if state.active:
        raise ValueError(f"a run that is {state} cannot be taken in")
    test = None if values["test"] is None else _score(**values["test"])
    row |= {"name": one_line(values["name"]) or str(spec), "owner": one_line(values["owner"])}
    row |= {"spec": str(spec), "recipe": recipe.to_json(), "parameters": summarize(spec).total}
    row |= {"state": state, "created": _time(values["created"])}
    for name in ("started", "ended"):
        row[name] = None if values[name] is None else _time(values[name])
    row |= {"test_errors": test and test.errors, "test_count": test and test.count}
    return _Packed(row, spec, recipe, epochs, test)


def _text(values: Mapping[str, Any], name: str) -> str:
    text = values[name]
    if not isinstance(text, str) or len(text) > TEXTS[name]:
        raise ValueError(f"{name} is not a text of at most {TEXTS[name]:,} characters")
    text.encode()  # raises for half a character, which the store cannot hold
    return text


def _time(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < MAX_TIME:
        raise ValueError(f"{value!r} is not a time in seconds since 1970")
    return float(value)


def _score(errors: object, count: object) -> Score:
    if type(errors) is not int or type(count) is not int or count > MAX_IMAGES:
        raise ValueError(f"{errors!r} errors of {count!r} images cannot be")
    return Score(errors, count)


def _check_epochs(epochs: Sequence[Epoch], recipe: Recipe) -> None:
    if len(epochs) > recipe.epochs:
        raise ValueError(f"it has more epochs than the {recipe.epochs} of its recipe")
    for number, epoch in enumerate(epochs, 1):
        if type(epoch.number) is not int or epoch.number != number:
            raise ValueError(f"its epoch {number} is called {epoch.number!r}")
        _score(epoch.validation_errors, epoch.validation_count)
        for name, value in asdict(epoch).items():
            most = {"train_accuracy": 1, "seconds": MAX_SECONDS}.get(name, FLOAT32)
            most = min(most, 2**53) if isinstance(value, int) else most  # SQLite's end at 2⁶³
            if type(value) not in (int, float) or not 0 <= value <= most:
                raise ValueError(f"epoch {number}: {name} cannot be {value!r}")


def _check_weights(content: bytes, packed: _Packed, resumable: bool) -> None:
    tensors = load(content)
    record = _record(content)
    if (record.spec, record.recipe) != (packed.spec, packed.recipe):
        raise ValueError(f"it belongs to another training ({record.spec})")
    _check_epochs(record.epochs, packed.recipe)
    # A process that was killed may have kept one epoch more here than in the store.
    count = min(len(record.epochs), len(packed.epochs)) if resumable else len(record.epochs)
    if record.epochs[:count] != packed.epochs[:count]:
        raise ValueError("its epochs are not the run's")
    if record.test and packed.test and record.test != packed.test:
        raise ValueError("its test score is not the run's")
    if not resumable and sum(v.size for v in tensors.values()) != summarize(record.spec).total:
        raise ValueError(f"its weights do not fit its network {record.spec}")
    if not all(np.isfinite(value).all() for value in tensors.values()):
        raise ValueError("it holds weights that are not numbers")


def _record(content: bytes) -> TrainingRecord:
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length]) if length <= MAX_HEADER else {}
    metadata = header.get("__metadata__")
    if not isinstance(metadata, dict):
        raise ValueError("it carries no record of a training")
    return record_from_metadata(metadata, "this file")
