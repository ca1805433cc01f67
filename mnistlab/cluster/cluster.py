"""A Ray cluster as a set of nodes that train: the only module that knows Ray.

A node is an actor with the cores of one run. Ray's own retries begin a run anew, so there are none:
a run whose node is lost is handed to another one with what the dispatcher has of it.
"""

import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mnistlab.cluster.machines import Machines
from mnistlab.cluster.messages import Files, Message, Sources
from mnistlab.cluster.node import STATUS_SECONDS, Node
from mnistlab.data.mnist import Mnist
from mnistlab.errors import LabError
from mnistlab.store.run import Request, Run
from mnistlab.training.record import environment
from mnistlab.worker import cluster_setting
from mnistlab.worker.processes import cores, niceness, thread_count

PACKAGE = Path(__file__).parents[1]
STATUSES_A_SECOND = 100
"""Of all runs together; of more runs each says less often what it does."""
REST_SECONDS = 30.0
"""After a node that could not be used, before another one is tried."""
SILENT_SECONDS = 120.0
"""Without a message for so long, a node that trains counts as lost."""
CALL_SECONDS = 10.0
SHUTDOWN_SECONDS = 5.0
"""Ray would wait for a head that is away."""


class Lost:
    """Instead of a message: the node died, hangs, or cannot be reached."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


@dataclass(eq=False)
class Trainer:
    """A node, and the run that it trains now."""

    actor: Any
    described: Any
    """Ray's promise of the node's description."""
    about: Mapping[str, str] = field(default_factory=dict)
    run: Run | None = None
    stream: Any = None
    heard: float = 0.0

    @property
    def is_ready(self) -> bool:
        return bool(self.about)

    @property
    def name(self) -> str:
        return self.about.get("name", "a node")


class Cluster:
    """The nodes, all with the same number of cores; made by `connected`."""

    def __init__(self, ray: Any, machines: Machines, mnist: Mnist, threads: int) -> None:
        self._ray, self._machines = ray, machines
        self._images = ray.put(mnist)
        self._threads = threads
        # Ray's own restarts and retries would begin a run anew.
        # As on one machine: on a GPU if there is one. To a node that asks for none, Ray shows none.
        self._uses_gpus = any(each["Resources"].get("GPU", 0) for each in machines.alive())
        resources = {"num_cpus": threads, "num_gpus": int(self._uses_gpus)}
        self._actor = ray.remote(max_concurrency=2, max_restarts=0, **resources)(Node)
        self.trainers: list[Trainer] = []
        self.problem = ""
        """Why a node cannot be used, in a sentence."""
        self._resting_until = 0.0

    def room(self) -> int:
        """How many runs could train at once if nobody else used the cluster."""
        rooms = []
        for machine in self._machines.alive():
            room = int(machine["Resources"].get("CPU", 0)) // self._threads
            n_gpus = int(machine["Resources"].get("GPU", 0))
            rooms.append(min(room, n_gpus) if self._uses_gpus else room)
        return sum(rooms)

    def nodes(self) -> list[dict[str, object]]:
        """The cluster's machines, for people: name, cores, whether it lives."""
        return [
            {
                "name": str(each["NodeManagerHostname"]),
                "cores": int(each["Resources"].get("CPU", 0)),
                "alive": bool(each["Alive"]),
            }
            for each in self._machines.listed
        ]

    def head_problem(self) -> str:
        """That the head is silent, in a sentence; empty if it is not. Raises LabError if lost."""
        self._machines.check()
        return self._machines.problem()

    def grow(self, wanted: int) -> None:
        """Have as many nodes as are wanted and there is room for; idle ones too many are let go."""
        wanted = min(wanted, self.room())
        idle = [each for each in self.trainers if each.run is None]
        for trainer in idle[: max(0, len(self.trainers) - wanted)]:
            self.drop(trainer)
        while len(self.trainers) < wanted and time.monotonic() >= self._resting_until:
            actor = self._actor.remote(self._images)
            described = actor.describe.remote()
            self.trainers.append(Trainer(actor, described))

    def free(self) -> list[Trainer]:
        """The nodes that could take a run now."""
        for trainer in [each for each in self.trainers if not each.is_ready]:
            self._look(trainer)
        return [each for each in self.trainers if each.is_ready and each.run is None]

    def _look(self, trainer: Trainer) -> None:
        """Note a node that has started; refuse one on which a run would get other bits."""
        ready, _ = self._ray.wait([trainer.described], timeout=0)
        if not ready:
            return
        try:
            about = dict(self._ray.get(trainer.described, timeout=CALL_SECONDS))
        except Exception as error:  # Ray raises what the actor did, and a dozen kinds of its own
            self._refuse(trainer, f"A node could not start: {_short(error)}")
            return
        for name, version in versions().items():
            if about.get(name) != version:
                self._refuse(
                    trainer,
                    f"{about.get('name', 'A node')} has {name} {about.get(name)}, this machine "
                    f"{version}. Install the same versions there.",
                )
                return
        self.problem = ""
        trainer.about = about

    def _refuse(self, trainer: Trainer, problem: str) -> None:
        """Give up a new node, say why, and try no other one for a while."""
        self.problem = problem
        self._resting_until = time.monotonic() + REST_SECONDS
        self.drop(trainer)

    def start(self, trainer: Trainer, run: Run, files: Files, sources: Sources) -> None:
        """Let a free node train a run from these files."""
        train = trainer.actor.train.options(num_returns="streaming")
        trainer.run, trainer.heard = run, time.monotonic()
        n_running = sum(each.run is not None for each in self.trainers)
        status_seconds = max(STATUS_SECONDS, n_running / STATUSES_A_SECOND)
        trainer.stream = train.remote(run, files, sources, status_seconds)

    def request(self, trainer: Trainer, request: Request) -> None:
        """Hand on a request; the run heeds it after its next step."""
        with suppress(Exception):  # a node that is lost is found by `messages`
            trainer.actor.request.remote(request)

    def messages(self, seconds: float) -> Iterator[tuple[Trainer, Message | Lost]]:
        """What the nodes have said, waiting up to some seconds for the first of them."""
        streams = {each.stream: each for each in self.trainers if each.stream is not None}
        if not streams:
            time.sleep(seconds)
            return
        ready, _ = self._ray.wait(list(streams), num_returns=len(streams), timeout=0.0)
        if not ready:
            ready, _ = self._ray.wait(list(streams), timeout=seconds)
        now = time.monotonic()
        for stream in ready:
            trainer = streams[stream]
            trainer.heard = now
            yield trainer, self._next(stream)
        for trainer in streams.values():
            if trainer.stream is not None and now - trainer.heard > SILENT_SECONDS:
                yield trainer, Lost(f"no message for {SILENT_SECONDS:.0f} seconds")

    def _next(self, stream: Any) -> Message | Lost:
        try:
            message: Message = self._ray.get(next(stream), timeout=CALL_SECONDS)
            return message
        except StopIteration:
            return Lost("it stopped in the middle")
        except Exception as error:  # Ray raises what the actor did, and a dozen kinds of its own
            return Lost(_short(error))

    def done(self, trainer: Trainer) -> None:
        """The node's run has ended: it may take another one."""
        trainer.run = trainer.stream = None

    def drop(self, trainer: Trainer) -> None:
        """Give up a node."""
        self.trainers.remove(trainer)
        trainer.run = trainer.stream = None
        with suppress(Exception):  # it may be dead already
            self._ray.kill(trainer.actor)


def versions() -> dict[str, str]:
    """The versions on which a run's bits depend."""
    import numpy
    import torch

    here = environment(torch=torch.__version__, numpy=numpy.__version__)
    here.pop("machine")
    return here


@contextmanager
def connected(address: str, mnist: Mnist) -> Iterator[Cluster]:
    """The cluster at an address, or one of this machine. Raises LabError if there is none."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray

    variables = {
        "MNISTLAB_THREADS": str(thread_count()),
        "MNISTLAB_NICE": str(niceness()),
        cluster_setting.VARIABLE: "",
    }
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if address == cluster_setting.OWN:
        # Without an address Ray would join a cluster that this machine is part of.
        options |= {"address": "local", "num_cpus": cores(), "include_dashboard": False}
        here = {"PYTHONPATH": str(PACKAGE.parent)}
        nodes: dict[str, Any] = {"env_vars": variables | here}
    else:
        options |= {"address": address}
        nodes = {"env_vars": variables, "py_modules": [str(PACKAGE)]}
    try:
        ray.init(runtime_env=nodes, **options)
    except Exception as error:
        raise LabError(
            f"The Ray cluster at {address!r} cannot be used: {_short(error)}. Check "
            f"${cluster_setting.VARIABLE} and that the cluster runs."
        ) from error
    try:
        machines = Machines(ray.nodes)
        with machines.watching():
            yield Cluster(ray, machines, mnist, thread_count())
    finally:
        shutdown = threading.Thread(target=ray.shutdown, daemon=True)
        shutdown.start()
        shutdown.join(SHUTDOWN_SECONDS)


def _short(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
