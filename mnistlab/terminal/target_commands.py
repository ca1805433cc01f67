"""The commands that climb the ladder, switch a single choice of it, and report."""

import argparse
from pathlib import Path

from mnistlab.data.options import Split
from mnistlab.errors import LabError
from mnistlab.experiments import ablation, reproduction
from mnistlab.experiments.results_table import results_table
from mnistlab.experiments.targets import TARGETS, Length, find_target
from mnistlab.home import home
from mnistlab.report import build
from mnistlab.report.document import Report
from mnistlab.report.html import html
from mnistlab.report.markdown import markdown
from mnistlab.stats.difference import describe
from mnistlab.store.run import Run
from mnistlab.store.store import Store
from mnistlab.terminal import run_commands
from mnistlab.terminal.run_commands import print_columns, write_new
from mnistlab.terminal.seed_commands import share_cores, status, watch_all
from mnistlab.text import percent


def reproduce(options: argparse.Namespace) -> int:
    """Train what is missing of the ladder, then print its table; Ctrl-C lets it wait."""
    check_output_path(options.report)
    seeds = ablation.first_seeds(options.seeds)
    way = reproduction.Reproduction(
        Length.QUICK if options.quick else Length.FULL, Split(options.split), seeds
    )
    share_cores(len(way.targets) * len(seeds))
    store = Store(home().runs)
    ended = watch_all(store, reproduction.submit_reproduction(home(), way, options.owner))
    found = reproduction.target_runs(store, way)
    print_columns(results_table(found))
    if options.report:
        write_new(options.report, written(build.reproduction_report(store, way), options.report))
    return status(ended)


def ablate(options: argparse.Namespace) -> int:
    """Train a target as it is and with one choice switched, and say what the switch did."""
    target = find_target(options.target)
    if target is None:
        names = ", ".join(each.preset.name for each in TARGETS)
        raise LabError(f"“{options.target}” is no target; choose one of {names}.")
    check_output_path(options.report)
    length = Length.QUICK if options.quick else Length.FULL
    seeds = ablation.first_seeds(options.seeds)
    study = ablation.make_ablation(target, options.variant, seeds, length, Split(options.split))
    share_cores(2 * len(seeds))
    store = Store(home().runs)
    ended = watch_all(store, ablation.submit_ablation(home(), study, options.owner))
    before, after = ablation.ablation_runs(store, study)
    (as_is, _), (changed, _) = study.configs
    rows = [("seed", as_is, changed)]
    rows += [(str(seed), _best(before.get(seed)), _best(after.get(seed))) for seed in seeds]
    print_columns(rows)
    if found := ablation.accuracy_difference(store, before, after):
        print(describe(study.variant.label, found))
    if options.report:
        write_new(options.report, written(build.ablation_report(store, study), options.report))
    return status(ended)


def report(options: argparse.Namespace) -> None:
    """Write what is in the store of a ladder, or some runs, as HTML or Markdown."""
    check_output_path(options.out)
    store = Store(home().runs)
    if options.ladder is bool(options.run_ids):
        raise LabError("Give runs' numbers, or --ladder.")
    if options.ladder:
        length = Length.QUICK if options.quick else Length.FULL
        seeds = ablation.first_seeds(options.seeds)
        found = build.reproduction_report(
            store, reproduction.Reproduction(length, Split(options.split), seeds)
        )
    else:
        chosen = [run_commands.found(store, run_id) for run_id in dict.fromkeys(options.run_ids)]
        found = build.runs_report(store, chosen)
    write_new(options.out, written(found, options.out))


WRITERS = {".html": html, ".md": markdown}


def check_output_path(path: Path | None) -> None:
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
