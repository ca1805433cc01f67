"""The commands that look at runs, compare them and carry them from lab to lab."""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from mnistlab.arch.summary import summarize
from mnistlab.errors import LabError
from mnistlab.experiments.differences import differences, recipe_value
from mnistlab.home import home
from mnistlab.stats.predictions import disagreement, load_predictions
from mnistlab.stats.score import percent
from mnistlab.store import queue
from mnistlab.store.archive import export_run, import_run
from mnistlab.store.export import epochs_csv, table_csv, write_tensorboard
from mnistlab.store.run import Request, Run, RunSummary, State
from mnistlab.store.store import Store
from mnistlab.store.table import Query, table
from mnistlab.terminal.watch import watch
from mnistlab.training.record import read_record, record_to_json
from mnistlab.uploads import RUN_ARCHIVE
from mnistlab.worker.forecast import duration
from mnistlab.worker.processes import ensure_workers, kill_worker


def found(store: Store, run_id: int) -> Run:
    """The run of that number. Raises LabError if there is none."""
    if run := store.run(run_id):
        return run
    raise LabError(f"There is no run {run_id} here; `python -m mnistlab runs` lists them.")


def number(text: str) -> int:
    """A run's number or a count. Raises ValueError if it cannot be one."""
    if not 0 < (value := int(text)) < 2**63:
        raise ValueError
    return value


def list_runs(options: argparse.Namespace) -> None:
    ensure_workers(home())
    store = Store(home().runs)
    listed = table(store, Query(text=" ".join(options.words), size=options.number))
    for run in listed.rows:
        figure = f"{_share(run)}, epoch {run.best_epoch}" if run.best else "–"
        print(
            f"{run.id:>4}  {run.state:<11}  {run.epochs_done:>3}/{run.recipe.epochs:<4} "
            f"{figure:<28} {run.name}  [{run.spec}]" + (f"  {run.owner}" if run.owner else "")
        )
    if not listed.total:
        print("No such run." if options.words else NONE_YET)
    elif listed.total > len(listed.rows):
        print(f"{listed.total - len(listed.rows)} more; --number N shows N.")


NONE_YET = "No runs yet; start one with `python -m mnistlab train target-4`."


def _share(run: RunSummary) -> str:
    return f"{percent(run.best.accuracy)} ({run.best.errors} errors)" if run.best else "–"


def show(options: argparse.Namespace) -> None:
    ensure_workers(home())
    run = found(Store(home().runs), options.run_id)
    lines = [
        ("name", run.name),
        ("owner", run.owner),
        ("state", f"{run.state}{': ' if run.message else ''}{run.message}"),
        ("network", str(run.spec)),
        ("parameters", f"{run.parameters:,}"),
        *((f.name.replace("_", " "), recipe_value(run.recipe, f.name)) for f in fields(run.recipe)),
        ("epochs done", str(run.epochs_done)),
        ("trained for", duration(run.seconds)),
        ("best", f"epoch {run.best_epoch}: {run.best}" if run.best else ""),
        ("last", str(run.last or "")),
        ("test, read once", str(run.test or "")),
        ("tags", " ".join(run.tags)),
        ("notes", run.notes),
    ]
    if (quiet := run.seconds_silent(time.time())) is not None:
        lines.append(("silent", f"{duration(quiet)}; if it hangs: stop {run.id} --force"))
    for name, value in lines:
        if value:
            print(f"{name:<16} {value}")
    for epoch in run.epochs:
        print(
            f"epoch {epoch.number:>4}  train {percent(epoch.train_accuracy)}  validation "
            f"{percent(epoch.validation_accuracy)}  loss {epoch.train_loss:.4f} / "
            f"{epoch.validation_loss:.4f}  rate {epoch.learning_rate:.4g}"
        )


def resume(options: argparse.Namespace) -> int:
    store = Store(home().runs)
    run = found(store, options.run_id)
    queue.resume(store, run.id)
    ensure_workers(home())
    return 0 if options.queue else report_end(store, run.id, len(run.epochs))


def report_end(store: Store, run_id: int, shown: int = 0) -> int:
    """Watch a run to its end; the command's exit status."""
    state = watch(store, run_id, shown)
    kept = store.best_checkpoint_path(run_id)
    if kept.is_file():
        print(f"run {run_id}: {state}; {kept}")
    return 0 if state in (State.DONE, State.STOPPED, State.PAUSED) else 2


def request(options: argparse.Namespace) -> None:
    """Pause a run or end it; one that was paused or interrupted may be ended too."""
    store, request = Store(home().runs), Request(options.command)
    run = found(store, options.run_id)
    if not (run.state.active or (run.state.resumable and request is Request.STOP)):
        raise LabError(f"Run {run.id} is {run.state} already.")
    if run.state is State.RUNNING and getattr(options, "force", False):
        kill_worker(home(), run.id)
    else:
        store.request(run.id, request)
    ensure_workers(home())


def compare(options: argparse.Namespace) -> None:
    store = Store(home().runs)
    runs = [found(store, run_id) for run_id in dict.fromkeys(options.run_ids)]
    if len(runs) < 2:
        raise LabError("Give two or more different runs.")
    rows = [("", *(f"run {run.id}" for run in runs))]
    rows += [(d.setting, *d.values) for d in differences(runs)]
    rows.append(("parameters", *(f"{summarize(run.spec).total:,}" for run in runs)))
    rows.append(("best", *(_share(run) for run in runs)))
    rows.append(("test", *(percent(r.test.accuracy) if r.test else "–" for r in runs)))
    print_columns(rows)
    if len(runs) == 2:
        first, second = (load_predictions(store.predictions_path(run.id)) for run in runs)
        apart = disagreement(first, second)
        print(
            f"\nOnly run {runs[0].id} reads {len(apart.only_first_correct)} of the test images, "
            "only run "
            f"{runs[1].id} reads {len(apart.only_second_correct)}; McNemar's exact p = "
            f"{apart.p_value:.3g}."
        )


def print_columns(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip())


def export(options: argparse.Namespace) -> None:
    store = Store(home().runs)
    if options.run_id is None:
        if options.tensorboard or options.record:
            what = "TensorBoard's files are" if options.tensorboard else "A record is"
            raise LabError(f"{what} written for one run; give its number.")
        everything = table(store, Query(descending=False, size=sys.maxsize)).rows
        write_new(options.out or Path("runs.csv"), table_csv(everything).encode())
        return
    run = found(store, options.run_id)
    if options.tensorboard:
        print(write_tensorboard(run, options.out or Path("tensorboard")))
    elif options.record:
        record = read_record(store.best_checkpoint_path(run.id))
        write_new(options.out or Path(f"run{run.id}.json"), record_to_json(record).encode())
    elif options.csv:
        write_new(options.out or Path(f"run{run.id}-epochs.csv"), epochs_csv(run).encode())
    else:
        write_new(options.out or Path(f"run{run.id}.zip"), export_run(store, run.id))


def write_new(path: Path, content: bytes) -> None:
    """Write a file, and say its name. Raises LabError if it is there already."""
    if path.exists():
        raise LabError(f"{path} is there already; give another name with --out.")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    print(path)


def import_runs(options: argparse.Namespace) -> None:
    for path in options.archives:
        if path.stat().st_size > RUN_ARCHIVE:
            raise LabError(f"{path} is too large for a run; nothing was taken from it.")
        print(f"{path}: run {import_run(Store(home().runs), path.read_bytes())}")
