"""Runs: list, show, compare and import them; `export_command` exports them."""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from mnistlab.arch.summary import summarize
from mnistlab.errors import LabError
from mnistlab.experiments.differences import differences, recipe_settings, source_names
from mnistlab.experiments.verdict import verdict
from mnistlab.home import default_home
from mnistlab.store.exchange.archive import DuplicateRunError, import_run
from mnistlab.store.run import RunSummary
from mnistlab.store.store import Store
from mnistlab.store.table import Query, table
from mnistlab.terminal import export_command
from mnistlab.terminal.parser import Commands, add_run, get_run, positive_int
from mnistlab.text import duration, percent
from mnistlab.training.diagnosis import describe_failure, is_guessing
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

    export_command.add_command(commands, GROUP)

    command = commands.add(GROUP, "import", import_runs, "import exported runs")
    command.add_argument("archive_paths", type=Path, nargs="+", metavar="ZIP")


def list_runs(options: argparse.Namespace) -> None:
    ensure_workers(default_home())
    store = Store.of(default_home())
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
    store = Store.of(default_home())
    run = get_run(store, options.run_id)
    lines = [
        ("name", run.name),
        ("owner", run.owner),
        ("state", f"{run.state}{': ' if run.message else ''}{run.message}"),
        ("problem", describe_failure(run.epochs, run.spec, run.recipe)),
        ("network", str(run.spec)),
        ("parameters", f"{run.parameters:,}"),
        *recipe_settings(run.recipe, source_names(store, [run])),
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
    store = Store.of(default_home())
    runs = [get_run(store, run_id) for run_id in dict.fromkeys(options.run_ids)]
    if len(runs) < 2:
        raise LabError("Give at least two different runs.")
    rows = [("", *(f"run {run.id}" for run in runs))]
    rows += [(d.setting, *d.values) for d in differences(runs, source_names(store, runs))]
    rows.append(("parameters", *(f"{summarize(run.spec).total:,}" for run in runs)))
    rows.append(("best", *(_accuracy(run) for run in runs)))
    rows.append(("test", *(percent(r.test.accuracy) if r.test else "–" for r in runs)))
    print_columns(rows)
    print(f"\n{verdict(store, runs)}")


def print_columns(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip())


def import_runs(options: argparse.Namespace) -> None:
    for path in options.archive_paths:
        if path.stat().st_size > RUN_ARCHIVE:
            raise LabError(
                f"Import failed: {path} is too large. Choose an archive exported by mnistlab."
            )
        try:
            run_id = import_run(Store.of(default_home()), path.read_bytes())
        except DuplicateRunError as error:
            print(f"{path}: {error}")
        else:
            print(f"{path}: run {run_id}")
