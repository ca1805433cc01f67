"""The command that trains one network with several seeds and says how far they lie apart."""

import os
import time
from collections.abc import Sequence

from mnistlab.arch.spec import Spec
from mnistlab.errors import LabError
from mnistlab.experiments.seeds import pause_runs, seed_stats, submit_missing
from mnistlab.home import home
from mnistlab.stats.score import Score
from mnistlab.store.run import Run, State
from mnistlab.store.store import Store
from mnistlab.terminal.watch import Bar, first_interrupt
from mnistlab.text import percent
from mnistlab.training.recipe import Recipe
from mnistlab.worker.processes import cores, ensure_workers

POLL_SECONDS = 1.0
MAX_SEEDS = 1000


def study(name: str, spec: Spec, recipe: Recipe, seeds: Sequence[int], owner: str = "") -> int:
    """Train every seed that was not trained before, and print the spread; the exit status.

    Ctrl-C lets the runs wait; the same command goes on with them.
    """
    if len(seeds) > MAX_SEEDS:
        raise LabError(f"{len(seeds):,} seeds are more than a study takes: {MAX_SEEDS:,}.")
    share_cores(len(seeds))
    store = Store(home().runs)
    ids = list(submit_missing(home(), name, spec, recipe, seeds, owner).values())
    runs = watch_all(store, ids)
    _print_spreads(runs)
    return status(runs)


def share_cores(runs: int) -> None:
    """Let as many runs train at a time as there are cores, unless the environment says otherwise.

    Two runs of one thread each get further than one run of two: nothing waits for anything.
    """
    os.environ.setdefault("MNISTLAB_WORKERS", str(min(cores(), runs)))
    os.environ.setdefault("MNISTLAB_THREADS", str(max(1, cores() // runs)))


def status(runs: Sequence[Run]) -> int:
    """The command's exit status; says so if a run is not done."""
    if left := sum(run.state is not State.DONE for run in runs):
        print(f"{left} of {len(runs)} runs are not done; the same command goes on.")
    return 2 if left else 0


def watch_all(store: Store, ids: Sequence[int]) -> list[Run]:
    """Print each run as it ends; the runs. Ctrl-C lets them wait."""
    bar, said = Bar(), set[int]()
    with first_interrupt() as interrupted:
        while True:
            ensure_workers(home())
            runs = store.runs(ids)
            for run in runs:
                if not run.state.active and run.id not in said:
                    said.add(run.id)
                    bar.end()
                    print(_line(run), flush=True)
            if all(not run.state.active for run in runs):
                return runs
            if interrupted():
                pause_runs(store, runs)
            done = sum(run.epochs_done + _within(run) for run in runs)
            share = done / sum(run.recipe.epochs for run in runs)
            bar.show(f"{len(said)} of {len(runs)} runs", min(1.0, share))
            time.sleep(POLL_SECONDS)


def _within(run: Run) -> float:
    """How much of an epoch is done beside the whole ones."""
    progress = run.progress
    if progress is None or progress.epoch <= run.epochs_done:
        return 0.0
    return progress.done / progress.total


def _line(run: Run) -> str:
    def figure(score: Score | None) -> str:
        return f"{percent(score.accuracy)} ({score.errors})" if score else "–"

    return (
        f"run {run.id:<4} {run.state:<11} {run.name[:28]:<28} seed {run.recipe.seed:<3} "
        f"best {figure(run.best)}, epoch {run.best_epoch or '–'}  last {figure(run.last)}  "
        f"test {figure(run.test)}  {run.seconds:.0f} s"
    )


def _print_spreads(runs: Sequence[Run]) -> None:
    whole = [run for run in runs if run.state is State.DONE]
    for title, scores in (
        ("best epoch, validation", [run.best for run in whole]),
        ("last epoch, validation", [run.last for run in whole]),
        ("test images, read once", [run.test for run in whole]),
    ):
        if found := seed_stats(scores):
            print(f"{title}: {found}")
