"""The cluster without Ray: nodes of other versions, nodes that do not start or fall silent."""

from typing import Any

import pytest

from mnistlab.cluster import cluster as module
from mnistlab.cluster.cluster import Cluster, Lost, Trainer, versions
from mnistlab.cluster.machines import Machines
from mnistlab.cluster.messages import Status

CPUS = 3


class FakeRay:
    """As much of Ray as the cluster uses; a promise is a list, empty until it is kept."""

    def __init__(self, description: object) -> None:
        self.description, self.killed, self.made = description, 0, 0
        self.gpus = 0
        self.asked: dict[str, object] = {}

    def put(self, value: object) -> object:
        return value

    def remote(self, *values: object, **options: object) -> Any:
        """Make a class of actors, or an actor of it."""
        if options:
            self.asked = options
            return lambda kind: self
        self.made += 1
        return self

    @property
    def describe(self) -> Any:
        ray = self

        class Method:
            def remote(self, *values: object) -> list[object]:
                return [ray.description]

        return Method()

    def wait(self, refs: list[Any], num_returns: int = 1, timeout: float = 0) -> Any:
        return [each for each in refs if each], []

    def get(self, ref: Any, timeout: float = 0) -> Any:
        if isinstance(ref[0], Exception):
            raise ref[0]
        return ref[0]

    def kill(self, actor: object) -> None:
        self.killed += 1

    def nodes(self) -> list[dict[str, Any]]:
        resources = {"CPU": CPUS, "GPU": self.gpus}
        return [{"Alive": True, "Resources": resources, "NodeManagerHostname": "a"}]


def cluster_of(description: object, gpus: int = 0) -> tuple[FakeRay, Cluster]:
    ray = FakeRay(description)
    ray.gpus = gpus
    mnist: Any = None
    return ray, Cluster(ray, Machines(ray.nodes), mnist, threads=1)


def test_nodes_with_the_same_versions_are_used() -> None:
    ray, cluster = cluster_of(versions() | {"name": "a"})
    cluster.grow(10)
    assert len(cluster.free()) == CPUS == ray.made and not cluster.problem
    cluster.grow(1)
    assert len(cluster.trainers) == 1 and ray.killed == CPUS - 1


def test_a_node_has_a_gpu_if_the_cluster_has_any() -> None:
    ray, cluster = cluster_of(versions() | {"name": "a"})
    assert ray.asked["num_cpus"] == 1 and ray.asked["num_gpus"] == 0
    ray, cluster = cluster_of(versions() | {"name": "a"}, gpus=2)
    assert ray.asked["num_cpus"] == 1 and ray.asked["num_gpus"] == 1
    assert cluster.room() == 2, "the third core has none"


@pytest.mark.parametrize("n_running", [1, 300])
def test_many_runs_say_less_often_what_they_do(n_running: int) -> None:
    """Together a hundred times a second."""
    _, cluster = cluster_of(versions())
    sent = []

    class Actor:
        """Notes what `train` is called with."""

        train = property(lambda self: self)

        def options(self, **options: object) -> Any:
            return self

        def remote(self, *values: object) -> None:
            sent.append(values)

    run: Any = object()
    cluster.trainers = [Trainer(Actor(), None, {"name": "a"}) for _ in range(n_running)]
    for trainer in cluster.trainers:
        cluster.start(trainer, run, {}, {})
    assert sent[-1][-1] == max(1, n_running / module.STATUSES_A_SECOND)


@pytest.mark.parametrize(
    ("description", "words"),
    [
        (versions() | {"name": "a", "torch": "1.0"}, "torch 1.0"),
        (RuntimeError("no torch"), "start"),
    ],
)
def test_a_node_that_cannot_be_used_is_refused_and_not_tried_at_once(
    description: object, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr("mnistlab.cluster.cluster.time.monotonic", lambda: now)
    ray, cluster = cluster_of(description)
    cluster.grow(1)
    assert cluster.free() == [] and words in cluster.problem
    for _ in range(5):
        cluster.grow(1)
        assert cluster.free() == []
    assert ray.made == ray.killed == 1
    now += module.REST_SECONDS
    cluster.grow(1)
    assert ray.made == 2


class Stream:
    """What a node says, one promise after the other."""

    def __init__(self, *said: object) -> None:
        self._said = [[each] for each in said]

    def __bool__(self) -> bool:
        return bool(self._said)

    def __next__(self) -> list[object]:
        return self._said.pop(0)


def test_a_node_that_says_nothing_for_long_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("mnistlab.cluster.cluster.time.monotonic", lambda: now)
    _, cluster = cluster_of(versions() | {"name": "a"})
    cluster.grow(1)
    (trainer,) = cluster.free()
    trainer.heard, trainer.stream = now, Stream(Status("Training"), RuntimeError("died"))
    assert [message for _, message in cluster.messages(0)] == [Status("Training")]
    ((_, lost),) = cluster.messages(0)
    assert isinstance(lost, Lost) and "died" in lost.reason
    assert list(cluster.messages(0)) == []
    now += module.SILENT_SECONDS + 1
    ((_, silent),) = cluster.messages(0)
    assert isinstance(silent, Lost) and "no message" in silent.reason
