"""The commands that climb the ladder, switch a single choice of it, and report."""

import argparse

from mnistlab.data.kinds import Split
from mnistlab.errors import LabError
from mnistlab.home import home
from mnistlab.runs import ablation, ladder
from mnistlab.runs.state import Run
from mnistlab.runs.store import Store
from mnistlab.terminal.runs import print_columns
from mnistlab.terminal.study import share_cores, status, watch_all
from mnistlab.training.effect import verdict
from mnistlab.training.ladder import RUNGS, Length, rung
from mnistlab.training.score import percent


def climb(options: argparse.Namespace) -> int:
    """Train what is missing of the ladder, then print its table; Ctrl-C lets it wait."""
    seeds = ablation.seeds(options.seeds)
    way = ladder.Climb(Length.QUICK if options.quick else Length.FULL, Split(options.split), seeds)
    share_cores(len(way.rungs) * len(seeds))
    runs = watch_all(Store(home().runs), ladder.start(home(), way, options.who))
    found = ladder.steps(Store(home().runs), way)
    print_columns([ladder.HEAD, *map(ladder.cells, found)])
    return status(runs)


def ablate(options: argparse.Namespace) -> int:
    """Train a target as it is and with one choice switched, and say what the switch did."""
    target = rung(options.target)
    if target is None:
        names = ", ".join(each.preset.name for each in RUNGS)
        raise LabError(f"“{options.target}” is no target; choose one of {names}.")
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
        print(f"{found}. {verdict(study.switch.label, found)}")
    return status(ended)


def _best(run: Run | None) -> str:
    if run is None or run.best is None:
        return "–"
    return f"{percent(run.best.accuracy)} ({run.best.errors}), epoch {run.best_epoch}"
