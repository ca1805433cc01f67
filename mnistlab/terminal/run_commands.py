"""Runs: list, show, compare, export and import them."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from mnistlab.arch.summary import summarize
from mnistlab.errors import LabError
from mnistlab.experiments.differences import differences, recipe_settings, teacher_names
from mnistlab.experiments.verdict import verdict
from mnistlab.home import default_home
from mnistlab.store.exchange.archive import DuplicateRunError, export_run, import_run
from mnistlab.store.exchange.export import epochs_csv, table_csv, write_tensorboard
from mnistlab.store.run import Run, RunSummary
from mnistlab.store.store import Store
from mnistlab.store.table import Query, table
from mnistlab.terminal.output_file import write_new
from mnistlab.terminal.parser import Commands, add_run, positive_int
from mnistlab.text import duration, percent
from mnistlab.training.diagnosis import describe_failure, is_guessing
from mnistlab.training.record import read_record, record_to_json
from mnistlab.uploads import RUN_ARCHIVE
from mnistlab.worker.processes import ensure_workers

GROUP = "Runs"
NO_RUNS = "No runs yet. Start one with `python -m mnistlab train target-4`."


def add_commands(commands: Commands) -> None:
    command = commands.add(GROUP, "runs", list_runs, "list the newest runs, or search them")
    command.add_argument(
        "words", nargs="*", metavar="WORD", help="search in name, network, tags, notes and owner"
    )
    command.add_argument(
        "--number", type=positive_int, default=50, metavar="N", help="the most runs to list"
    )

    add_run(commands.add(GROUP, "show", show, "show a run"))

    command = commands.add(
        GROUP, "compare", compare, "compare runs: differences, results, significance"
    )
    command.add_argument("run_ids", type=positive_int, nargs="+", metavar="RUN")

    command = commands.add(
        GROUP, "export", export, "export a run as a zip file, or all runs as CSV"
    )
    command.add_argument(
        "run_id", type=positive_int, nargs="?", metavar="RUN", help="default: the table of all runs"
    )
    command.add_argument("--csv", action="store_true", help="the run's epochs as CSV")
    command.add_argument("--record", action="store_true", help="its record as JSON, no weights")
    command.add_argument("--tensorboard", action="store_true", help="TensorBoard event files")
    command.add_argument(
        "--out",
        dest="out_path",
        type=Path,
        metavar="PATH",
        help="the file, or TensorBoard's folder",
    )

    command = commands.add(GROUP, "import", import_runs, "import exported runs")
    command.add_argument("archive_paths", type=Path, nargs="+", metavar="ZIP")


def get_run(store: Store, run_id: int) -> Run:
    """A run. Raises LabError if there is none with that number."""
    if run := store.run(run_id):
        return run
    raise LabError(f"Run {run_id} not found. `python -m mnistlab runs` lists all runs.")


def list_runs(options: argparse.Namespace) -> None:
    ensure_workers(default_home())
    store = Store(default_home().runs)
    page = table(store, Query(text=" ".join(options.words), size=options.number))
    for run in page.rows:
        best = f"{_accuracy(run)}, epoch {run.best_epoch}" if run.best else "–"
        print(
            f"{run.id:>4}  {run.state:<11}  {run.epochs_done:>3}/{run.recipe.epochs:<4} "
            f"{best:<28} {run.name}  [{run.spec}]"
            + (f"  {run.owner}" if run.owner else "")
            + ("  not learning" if run.epochs_done > 1 and is_guessing(run.last) else "")
        )
    if not page.total:
        print("No runs match." if options.words else NO_RUNS)
    elif page.total > len(page.rows):
        print(f"{page.total - len(page.rows)} more; use --number to list them.")


def _accuracy(run: RunSummary) -> str:
    return f"{percent(run.best.accuracy)} ({run.best.errors} errors)" if run.best else "–"


def show(options: argparse.Namespace) -> None:
    ensure_workers(default_home())
    store = Store(default_home().runs)
    run = get_run(store, options.run_id)
    lines = [
        ("name", run.name),
        ("owner", run.owner),
        ("state", f"{run.state}{': ' if run.message else ''}{run.message}"),
        ("problem", describe_failure(run.epochs, run.spec, run.recipe)),
        ("network", str(run.spec)),
        ("parameters", f"{run.parameters:,}"),
        *recipe_settings(run.recipe, teacher_names(store, [run])),
        ("epochs done", str(run.epochs_done)),
        ("trained for", duration(run.seconds)),
        ("best validation", f"epoch {run.best_epoch}: {run.best}" if run.best else ""),
        ("last validation", str(run.last or "")),
        ("test", str(run.test or "")),
        ("tags", " ".join(run.tags)),
        ("notes", run.notes),
    ]
    if (silent := run.seconds_silent(time.time())) is not None:
        note = f"none for {duration(silent)}; if it hangs: stop {run.id} --force"
        lines.append(("heartbeat", note))
    width = max(len(name) for name, _ in lines)
    for name, value in lines:
        if value:
            print(f"{name:<{width}} {value}")
    for epoch in run.epochs:
        print(
            f"epoch {epoch.number:>4}  train {percent(epoch.train_accuracy)}  validation "
            f"{percent(epoch.validation_accuracy)}  loss {epoch.train_loss:.4f} / "
            f"{epoch.validation_loss:.4f}  rate {epoch.learning_rate:.4g}"
        )


def compare(options: argparse.Namespace) -> None:
    store = Store(default_home().runs)
    runs = [get_run(store, run_id) for run_id in dict.fromkeys(options.run_ids)]
    if len(runs) < 2:
        raise LabError("Give at least two different runs.")
    rows = [("", *(f"run {run.id}" for run in runs))]
    rows += [(d.setting, *d.values) for d in differences(runs, teacher_names(store, runs))]
    rows.append(("parameters", *(f"{summarize(run.spec).total:,}" for run in runs)))
    rows.append(("best", *(_accuracy(run) for run in runs)))
    rows.append(("test", *(percent(r.test.accuracy) if r.test else "–" for r in runs)))
    print_columns(rows)
    print(f"\n{verdict(store, runs)}")


def print_columns(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip())


def export(options: argparse.Namespace) -> None:
    store = Store(default_home().runs)
    if options.run_id is None:
        if options.tensorboard or options.record:
            option = "--tensorboard" if options.tensorboard else "--record"
            raise LabError(f"{option} exports a single run. Add the run's number.")
        rows = table(store, Query(descending=False, size=sys.maxsize)).rows
        _write(options.out_path or Path("runs.csv"), table_csv(rows).encode())
        return
    run = get_run(store, options.run_id)
    if options.tensorboard:
        print(write_tensorboard(run, options.out_path or Path("tensorboard")))
    elif options.record:
        record = read_record(store.best_checkpoint_path(run.id))
        _write(options.out_path or Path(f"run{run.id}.json"), record_to_json(record).encode())
    elif options.csv:
        _write(options.out_path or Path(f"run{run.id}-epochs.csv"), epochs_csv(run).encode())
    else:
        _write(options.out_path or Path(f"run{run.id}.zip"), export_run(store, run.id))


def _write(path: Path, content: bytes) -> None:
    write_new(path, content)
    print(path)


def import_runs(options: argparse.Namespace) -> None:
    for path in options.archive_paths:
        if path.stat().st_size > RUN_ARCHIVE:
            raise LabError(
                f"Import failed: {path} is too large. Choose an archive exported by mnistlab."
            )
        try:
            run_id = import_run(Store(default_home().runs), path.read_bytes())
        except DuplicateRunError as error:
            print(f"{path}: {error}")
        else:
            print(f"{path}: run {run_id}")
