"""The commands that climb the ladder, switch a single choice of it, and report."""

import argparse
from pathlib import Path

from mnistlab.data.kinds import Split
from mnistlab.errors import LabError
from mnistlab.home import home
from mnistlab.report import gather
from mnistlab.report.document import Report
from mnistlab.report.html import html
from mnistlab.report.markdown import markdown
from mnistlab.runs import ablation, ladder
from mnistlab.runs.outcome import table
from mnistlab.runs.state import Run
from mnistlab.runs.store import Store
from mnistlab.terminal import runs
from mnistlab.terminal.runs import print_columns, write_new
from mnistlab.terminal.study import share_cores, status, watch_all
from mnistlab.training.effect import verdict
from mnistlab.training.ladder import RUNGS, Length, rung
from mnistlab.training.score import percent


def climb(options: argparse.Namespace) -> int:
    """Train what is missing of the ladder, then print its table; Ctrl-C lets it wait."""
    may_be_written(options.report)
    seeds = ablation.seeds(options.seeds)
    way = ladder.Climb(Length.QUICK if options.quick else Length.FULL, Split(options.split), seeds)
    share_cores(len(way.rungs) * len(seeds))
    store = Store(home().runs)
    ended = watch_all(store, ladder.start(home(), way, options.who))
    found = ladder.steps(store, way)
    print_columns(table(found))
    if options.report:
        write_new(options.report, written(gather.ladder(store, way), options.report))
    return status(ended)


def ablate(options: argparse.Namespace) -> int:
    """Train a target as it is and with one choice switched, and say what the switch did."""
    target = rung(options.target)
    if target is None:
        names = ", ".join(each.preset.name for each in RUNGS)
        raise LabError(f"“{options.target}” is no target; choose one of {names}.")
    may_be_written(options.report)
    length = Length.QUICK if options.quick else Length.FULL
    seeds = ablation.seeds(options.seeds)
    study = ablation.ablation(target, options.switch, seeds, length, Split(options.split))
    share_cores(2 * len(seeds))
    store = Store(home().runs)
    ended = watch_all(store, ablation.start(home(), study, options.who))
    before, after = ablation.runs(store, study)
    (as_is, _), (changed, _) = study.ways
    rows = [("seed", as_is, changed)]
    rows += [(str(seed), _best(before.get(seed)), _best(after.get(seed))) for seed in seeds]
    print_columns(rows)
    if found := ablation.effect(store, before, after):
        print(verdict(study.switch.label, found))
    if options.report:
        write_new(options.report, written(gather.ablation(store, study), options.report))
    return status(ended)


def report(options: argparse.Namespace) -> None:
    """Write what is in the store of a ladder, or some runs, as HTML or Markdown."""
    may_be_written(options.out)
    store = Store(home().runs)
    if options.ladder is bool(options.run_ids):
        raise LabError("Give runs' numbers, or --ladder.")
    if options.ladder:
        length = Length.QUICK if options.quick else Length.FULL
        seeds = ablation.seeds(options.seeds)
        found = gather.ladder(store, ladder.Climb(length, Split(options.split), seeds))
    else:
        chosen = [runs.found(store, run_id) for run_id in dict.fromkeys(options.run_ids)]
        found = gather.runs(store, chosen)
    write_new(options.out, written(found, options.out))


WRITERS = {".html": html, ".md": markdown}


def may_be_written(path: Path | None) -> None:
    """Raises LabError before hours are spent on a report that has no form, or is there already."""
    if path and path.suffix not in WRITERS:
        raise LabError(f"{path.name} is no report's name; end it in {' or '.join(WRITERS)}.")
    if path and path.exists():
        raise LabError(f"{path} is there already; give another name.")


def written(found: Report, path: Path) -> bytes:
    return WRITERS[path.suffix](found).encode()


def _best(run: Run | None) -> str:
    if run is None or run.best is None:
        return "–"
    return f"{percent(run.best.accuracy)} ({run.best.errors}), epoch {run.best_epoch}"
