"""The trials of a search: runs that are queued, stopped early and resumed."""

from collections.abc import Sequence

from mnistlab.cluster.overview import concurrency
from mnistlab.experiments.search.search import Search, search_runs
from mnistlab.experiments.search.suggestions import hopeless, suggest
from mnistlab.home import Home
from mnistlab.store import queue
from mnistlab.store.run import Request, Run, State
from mnistlab.store.store import Store
from mnistlab.worker.processes import submit

RESUMED = (State.PAUSED, State.INTERRUPTED)
"""What has no result yet. A failed trial has one: most fail by their loss, and would again."""


def resume_trials(store: Store, search: Search) -> None:
    """Queue the trials again that were paused or interrupted; also failed ones, once a command: the
    disk may have been full, or nodes were lost.
    """
    for run in search_runs(store, search):
        if run.state.resumable:
            queue.resume(store, run.id)


def n_missing(runs: Sequence[Run], n_trials: int) -> int:
    """How many of so many trials have no result yet."""
    return max(0, n_trials - len(runs)) + sum(run.state in RESUMED for run in runs)


def advance(home: Home, search: Search, n_trials: int, owner: str = "") -> list[Run]:
    """Stop the trials without hope, and queue as many as can train now; the search's runs.

    A trial is suggested when there is room for it, so that it knows what the others came to. Raises
    LabError if no network fits the budget, StoreError if the store cannot be written.
    """
    store = Store.of(home)
    runs = search_runs(store, search)
    for run in hopeless(search, runs):
        store.request(run.id, Request.STOP)
    while len(runs) < n_trials and sum(run.state.active for run in runs) < concurrency(home):
        spec, recipe = suggest(search, runs)
        name = f"{search.name} · trial {len(runs) + 1}"
        submit(home, name, spec, recipe, owner, search.tags)
        runs = search_runs(store, search)
    return runs
