"""The dispatcher: the one process beside the store that gives the queue's runs to a cluster.

Started by `mnistlab.worker.processes` if `$MNISTLAB_RAY` says where the cluster is. It ends when
there has been nothing to do for a while, and when the cluster is lost; the runs then wait in the
queue, and the next look of a page starts another one.
"""

import math
import sys
import time
from collections import Counter

from mnistlab.cluster.cluster import Cluster, Lost, Trainer, connected
from mnistlab.cluster.intake import files_to_send, take_in
from mnistlab.cluster.messages import Ended, Trained
from mnistlab.cluster.overview import Overview, remove_overview, write_overview
from mnistlab.data.download import DataError
from mnistlab.data.mnist import load
from mnistlab.errors import LabError
from mnistlab.home import Home, default_home
from mnistlab.store.queue import startable_count
from mnistlab.store.run import Request, Run, State
from mnistlab.store.store import Store
from mnistlab.store.worker_slots import requested, requeue_orphans
from mnistlab.training.sources import source_path
from mnistlab.worker import cluster_setting
from mnistlab.worker.mnist_download import download_once
from mnistlab.worker.processes import idle_seconds, worker_lock
from mnistlab.worker.source_search import ensure_source

WAIT_SECONDS = 0.25
OVERVIEW_SECONDS = 1.0
LOCK_SECONDS = 2.0
MAX_LOSSES = 3
"""How often in a row a run may lose its node within one epoch: then it is the run's own fault."""


class Dispatcher:
    """Hands runs to free nodes, and writes to the store what they send back."""

    def __init__(self, home: Home, cluster: Cluster) -> None:
        self._home, self._cluster = home, cluster
        # Whatever another program does with the store's file, a run does not fail for it.
        self._store = Store(home.runs, patience=math.inf)
        self._losses: Counter[int] = Counter()
        self._requested: dict[int, Request] = {}

    def step(self) -> bool:
        """One round; whether there is something to do."""
        n_waiting = startable_count(self._store)
        busy = [each for each in self._cluster.trainers if each.run]
        self._cluster.grow(n_waiting + len(busy))
        for trainer in self._cluster.free()[:n_waiting]:
            if not (run := self._store.claim(cluster_setting.SLOT)):
                break
            self._start(trainer, run)
        for trainer, message in self._cluster.messages(WAIT_SECONDS):
            if trainer.run is not None:
                self._hear(trainer, trainer.run, message)
        # Not only when a run says something: many runs do so more seldom than a request may wait.
        requests = requested(self._store, cluster_setting.SLOT)
        for trainer in busy:
            if trainer.run is not None and trainer.run.id in requests:
                self._hand_on(trainer, trainer.run.id, requests[trainer.run.id])
        return bool(n_waiting or busy)

    def overview(self) -> Overview:
        """What the cluster does now, for the pages. Raises LabError if its head is lost."""
        trainers = self._cluster.trainers
        n_waiting = startable_count(self._store)
        waiting = ""
        if n_waiting:
            starting = sum(not each.is_ready for each in trainers)
            waiting = self._cluster.problem or (
                "Nodes are starting." if starting else "All cores are in use."
            )
        runs = {each.run.id: each.name for each in trainers if each.run}
        nodes = tuple(self._cluster.nodes())
        problem = self._cluster.head_problem()
        return Overview(time.time(), self._cluster.room(), nodes, runs, n_waiting, waiting, problem)

    def _start(self, trainer: Trainer, run: Run) -> None:
        try:
            sources = {}
            for short in run.recipe.sources:
                ensure_source(self._home, short)
                sources[short] = source_path(self._home.sources, short).read_bytes()
            files = files_to_send(self._store, run)
        except (LabError, OSError) as error:
            self._store.finish(run.id, State.FAILED, str(error))
            return
        self._store.report(run.id, f"Starting on {trainer.name}")
        self._cluster.start(trainer, run, files, sources)

    def _hear(self, trainer: Trainer, run: Run, message: object) -> None:
        if isinstance(message, Lost):
            self._lose(trainer, run, message.reason)
            return
        try:
            request = take_in(self._store, run, message)  # type: ignore[arg-type]
        except ValueError as error:
            self._cluster.drop(trainer)
            text = f"{trainer.name} sent what is not this run's: {error}."
            self._store.finish(run.id, State.FAILED, text)
            return
        if isinstance(message, Trained):
            del self._losses[run.id]
        if isinstance(message, Ended):
            self._requested.pop(run.id, None)
            self._cluster.done(trainer)
        elif request is not None:
            self._hand_on(trainer, run.id, request)

    def _hand_on(self, trainer: Trainer, run_id: int, request: Request) -> None:
        """Hand a request to the node that trains the run, once."""
        if request is not self._requested.get(run_id, Request.NONE):
            self._requested[run_id] = request
            self._cluster.request(trainer, request)

    def _lose(self, trainer: Trainer, run: Run, reason: str) -> None:
        """Queue the run of a lost node again; it goes on after its last complete epoch."""
        print(f"run {run.id}: lost {trainer.name}: {reason}", file=sys.stderr)
        self._cluster.drop(trainer)
        self._requested.pop(run.id, None)
        self._losses[run.id] += 1
        if self._losses[run.id] >= MAX_LOSSES:
            text = f"{MAX_LOSSES} nodes were lost in the same epoch ({reason}). Resume goes on."
            self._store.finish(run.id, State.FAILED, text)
        else:
            self._store.finish(run.id, State.QUEUED, f"{trainer.name} was lost; goes on elsewhere.")


def dispatch(home: Home, idle: float) -> None:
    """Serve the queue until nothing was to be done for `idle` seconds.

    Raises LabError if the cluster or the images cannot be had; the pages then say so, too.
    """
    # Whoever asks for the lock's holder keeps it for a moment.
    with worker_lock(home, cluster_setting.SLOT, LOCK_SECONDS) as is_mine:
        if not is_mine:
            return
        store = Store(home.runs, patience=math.inf)
        requeue_orphans(store, cluster_setting.SLOT)
        try:
            _serve(home, idle)
        except LabError as error:
            n_waiting = startable_count(store)
            write_overview(home, Overview(time.time(), 0, (), {}, n_waiting, str(error)))
            raise
        finally:
            requeue_orphans(store, cluster_setting.SLOT)


def _serve(home: Home, idle: float) -> None:
    try:
        mnist = load(home.data)
    except DataError:
        download_once(home, lambda message, fraction: None)
        mnist = load(home.data)
    with connected(cluster_setting.address(), mnist) as cluster:
        dispatcher = Dispatcher(home, cluster)
        active_at, shown_at = time.monotonic(), -math.inf
        while (now := time.monotonic()) - active_at <= idle:
            if dispatcher.step():
                active_at = now
            if now - shown_at >= OVERVIEW_SECONDS:
                write_overview(home, dispatcher.overview())
                shown_at = now
    remove_overview(home)


def main() -> int:
    try:
        dispatch(default_home(), max(idle_seconds(), 1))
    except LabError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
