"""Runs in other programs' formats: CSV for spreadsheets, event files for TensorBoard."""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path

from mnistlab.errors import LabError
from mnistlab.recipe.recipe import Recipe
from mnistlab.stats.score import Score
from mnistlab.store.classroom.standings import Standing
from mnistlab.store.run import Run, RunSummary
from mnistlab.training.epoch import Epoch

EPOCH_COLUMNS = (*(field.name for field in fields(Epoch)), "validation_accuracy")
# Recipe fields in the first columns; the others follow the results.
FIRST_FIELDS = ("seed", "split")
STANDING_COLUMNS = (
    *("rank", "name", "run", "network", "parameters"),
    *("accuracy", "accuracy_low", "accuracy_high", "errors", "images", "pareto_front"),
)
FORMULA = re.compile(r"""(\A|[;\t\r\n])(?=[\s"]*[=+\-@＝＋－＠])|\A(?=[\t\r\n])""")
"""Where a spreadsheet would evaluate a cell: at its start and, where lists are separated by
semicolons, after one; full-width signs count as signs in Japanese spreadsheets.
"""
BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel takes UTF-8 for the code page of the country."""


class ExportError(LabError):
    """An export that failed, with the reason."""


def epochs_csv(run: Run) -> str:
    """A header and one line for each epoch: the fields of `Epoch` in its units, then the validation
    accuracy (0–1). Every number is written with all its digits.
    """
    rows = ({**asdict(e), "validation_accuracy": e.validation_accuracy} for e in run.epochs)
    return _csv(EPOCH_COLUMNS, rows)


def table_csv(rows: Iterable[RunSummary]) -> str:
    """A header and one line for each run: its settings and its results.

    Accuracies are 0–1, `seconds` the sum over all epochs, `created` is ISO 8601 in UTC; a missing
    value, such as a test score before the end, is an empty cell.
    """
    return _csv(TABLE_COLUMNS, map(_cells, rows))


def standings_csv(rows: Iterable[Standing]) -> str:
    """A header and one line for each student of a class: their best run; accuracies are 0–1."""
    return _csv(STANDING_COLUMNS, map(_standing_cells, rows))


def _standing_cells(standing: Standing) -> dict[str, object]:
    low, high = standing.best.confidence_interval
    return {
        "rank": standing.rank,
        "name": standing.name,
        "run": standing.run_id,
        "network": standing.network,
        "parameters": standing.parameters,
        "accuracy": standing.best.accuracy,
        "accuracy_low": low,
        "accuracy_high": high,
        "errors": standing.best.errors,
        "images": standing.best.count,
        "pareto_front": int(standing.is_on_front),
    }


def _csv(columns: Iterable[str], rows: Iterable[dict[str, object]]) -> str:
    """Every export's file: for Excel, LibreOffice and `csv` with the encoding `utf-8-sig`."""
    text = io.StringIO(newline="")
    text.write(BYTE_ORDER_MARK)
    writer = csv.DictWriter(text, tuple(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    """The value, or a text that no spreadsheet evaluates as a formula."""
    # Anyone may name a run. An apostrophe marks the rest as text (OWASP, "CSV injection").
    return FORMULA.sub(r"\1'", value) if isinstance(value, str) else value


def _cells(run: RunSummary) -> dict[str, object]:
    settings = asdict(run.recipe)
    return {
        "id": run.id,
        "name": run.name,
        "owner": run.owner,
        "tags": " ".join(run.tags),
        "network": str(run.spec),
        "parameters": run.parameters,
        "state": run.state,
        **{name: settings.pop(name) for name in FIRST_FIELDS},
        "epochs_done": run.epochs_done,
        "epochs_planned": settings.pop("epochs"),
        "seconds": run.seconds,
        "best_epoch": run.best_epoch,
        **_score("best", run.best),
        **_score("last", run.last),
        **_score("test", run.test),
        **settings,
        "created": datetime.fromtimestamp(run.created, UTC).isoformat(timespec="seconds"),
    }


def _score(kind: str, score: Score | None) -> dict[str, object]:
    return {
        f"{kind}_accuracy": score.accuracy if score else None,
        f"{kind}_errors": score.errors if score else None,
        f"{kind}_count": score.count if score else None,
    }


TABLE_COLUMNS = (
    *("id", "name", "owner", "tags", "network", "parameters", "state", *FIRST_FIELDS),
    *("epochs_done", "epochs_planned", "seconds", "best_epoch"),
    *(name for kind in ("best", "last", "test") for name in _score(kind, None)),
    *(f.name for f in fields(Recipe) if f.name not in (*FIRST_FIELDS, "epochs")),
    "created",
)


def write_tensorboard(run: Run, folder: Path) -> Path:
    """Write a run's epochs as TensorBoard event files; the subfolder, named by the run's id.

    Each epoch has the time at which it would have ended without pauses. Raises ExportError without
    the tensorboard package, if the run was exported there before, or if the folder cannot be
    written.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise ExportError(
            "The tensorboard package is not installed. "
            "Run `pip install tensorboard==2.21.0` and export again."
        ) from None
    run_folder = folder / str(run.id)
    # TensorBoard reads all event files of a folder as one run: its curves would be drawn twice.
    if any(run_folder.glob("events.out.tfevents.*")):
        raise ExportError(f"{run_folder} already has event files of a run. Choose another folder.")
    start_time = run.started if run.started is not None else run.created
    end_times = accumulate((epoch.seconds for epoch in run.epochs), initial=start_time)
    next(end_times)
    try:
        with SummaryWriter(str(run_folder)) as writer:
            for tag, text in _texts(run).items():
                writer.add_text(tag, text, 0, start_time)
            for epoch, end in zip(run.epochs, end_times, strict=True):
                for tag, value in _scalars(epoch).items():
                    writer.add_scalar(tag, value, epoch.number, end)
    except OSError as error:
        raise ExportError(
            f"{run_folder} cannot be written ({error}). Choose another folder."
        ) from None
    return run_folder


def _texts(run: Run) -> dict[str, str]:
    return {"name": run.name, "network": str(run.spec), "recipe": str(run.recipe)}


def _scalars(epoch: Epoch) -> dict[str, float]:
    return {
        "accuracy/train": epoch.train_accuracy,
        "accuracy/validation": epoch.validation_accuracy,
        "loss/train": epoch.train_loss,
        "loss/validation": epoch.validation_loss,
        "learning_rate": epoch.learning_rate,
        "images_per_second": epoch.images_per_second,
    }
