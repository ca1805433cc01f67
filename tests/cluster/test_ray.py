"""Real runs on a real cluster of several raylets: the bits of local workers, whatever is killed.

`MNISTLAB_KILLS=20` kills the dispatcher more often than a quick test can.
"""

import os
import random
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mnistlab.arch.spec import parse
from mnistlab.cluster.overview import read_overview
from mnistlab.home import Home
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.run import Request, Run, State
from mnistlab.store.store import Store
from mnistlab.training.tensor_file import unpacked
from mnistlab.worker import cluster_setting
from mnistlab.worker.processes import ensure_workers, submit
from tests.waiting import until

ray = pytest.importorskip("ray")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ray")]

SMALL = parse("4-p4-8-p8-gap-bn")
RECIPE = Recipe(epochs=3, batch_size=8, train_size=8000)
SEEDS = (0, 1, 2, 3)
IP = "--node_ip_address="
KILLS = int(os.environ.get("MNISTLAB_KILLS", "2"))


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Three nodes of one core each, on this machine.

    Not 127.0.0.1, for which Ray puts in an address that others reach.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    cluster = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 1, "include_dashboard": False, "node_ip_address": "127.0.0.2"},
    )
    for address in ("127.0.0.3", "127.0.0.4"):
        cluster.add_node(num_cpus=1, node_ip_address=address)
    yield cluster
    cluster.shutdown()


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory, mnist_folder: Path) -> list[bytes]:
    """What local workers train."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNISTLAB_THREADS", "1")
        home = new_home(tmp_path_factory.mktemp("local"), mnist_folder)
        return weights(home, train_all(home))


@pytest.fixture
def home(
    cluster: Any, tmp_path: Path, mnist_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Home]:
    """A lab whose runs train on the cluster."""
    monkeypatch.setenv("MNISTLAB_THREADS", "1")
    monkeypatch.setenv(cluster_setting.VARIABLE, cluster.address)
    home = new_home(tmp_path, mnist_folder)
    yield home
    store = Store(home.runs)
    for run in (*store.queue(), *store.running()):
        store.request(run.id, Request.STOP)
    wait(lambda: not cluster_setting.has_dispatcher(home))


def new_home(folder: Path, mnist_folder: Path) -> Home:
    (folder / "data").symlink_to(mnist_folder)
    return Home(folder)


def start_all(home: Home) -> list[int]:
    return [
        submit(home, f"seed {seed}", SMALL, Recipe(**{**vars(RECIPE), "seed": seed}))
        for seed in SEEDS
    ]


def train_all(home: Home) -> list[int]:
    runs = start_all(home)
    wait_for_end(home, runs)
    return runs


def wait(met: Callable[[], object]) -> None:
    """Ask a few times a second: the store belongs to the dispatcher."""

    def slowly() -> object:
        time.sleep(0.2)
        return met()

    until(slowly)


def wait_for_end(home: Home, runs: list[int]) -> None:
    def has_ended() -> bool:
        ensure_workers(home)
        return not any(run.state.active for run in Store(home.runs).runs(runs))

    wait(has_ended)
    for run in Store(home.runs).runs(runs):
        assert run.state is State.DONE, run.message


def weights(home: Home, runs: list[int]) -> list[bytes]:
    """The last weights of each run, and all figures of its epochs but the times."""
    store = Store(home.runs)
    found = []
    for run in store.runs(runs):
        tensors, _ = unpacked(store.last_checkpoint_path(run.id).read_bytes())
        figures = [(each.train_loss, each.validation_errors) for each in run.epochs]
        content = b"".join(tensors[name].tobytes() for name in sorted(tensors))
        found.append(content + repr((figures, run.test)).encode())
    return found


def running(home: Home) -> list[Run]:
    """The runs of which a first step is known; none without a dispatcher."""
    store = Store(home.runs)
    if not cluster_setting.has_dispatcher(home):
        return []
    return [run for run in store.runs([each.id for each in store.running()]) if run.progress]


def kill_dispatcher(home: Home) -> None:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            environment = (process / "environ").read_bytes()
        except OSError:
            continue
        if cluster_setting.DISPATCHER.encode() in command and bytes(home.root) in environment:
            os.kill(int(process.name), signal.SIGKILL)


def training_nodes(cluster: Any) -> list[Any]:
    """The nodes, but for the head, on which a run trains: an actor is a child of its raylet."""
    addresses = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cmdline").read_bytes().startswith(b"ray::Node.train"):
                parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
                raylet = (process.parent / parent / "cmdline").read_text()
                addresses |= {each.split("=")[1] for each in raylet.split("\0") if IP in each}
        except OSError:
            continue
    return [node for node in cluster.worker_nodes if node.node_ip_address in addresses]


def test_four_runs_on_three_nodes_have_the_bits_of_local_workers(
    home: Home, expected: list[bytes]
) -> None:
    runs = start_all(home)
    wait(lambda: len(running(home)) > 1)
    overview = read_overview(home)
    assert overview is not None and overview.room == 3
    assert sum(bool(node["alive"]) for node in overview.nodes) == 3
    wait_for_end(home, runs)
    assert weights(home, runs) == expected
    store = Store(home.runs)
    for run in store.runs(runs):
        assert store.best_checkpoint_path(run.id).is_file()
        assert store.epoch_checkpoint_path(run.id, 3).is_file()
        assert store.predictions_path(run.id).is_file()
        assert not store.resume_path(run.id).exists()


def test_pause_is_heard_and_a_paused_run_goes_on(home: Home, expected: list[bytes]) -> None:
    runs, store = start_all(home), Store(home.runs)
    wait(lambda: bool(running(home)))
    paused = running(home)[0].id
    store.request(paused, Request.PAUSE)

    def state() -> State:
        run = store.run(paused)
        assert run is not None
        return run.state

    wait(lambda: state() is not State.RUNNING)
    assert state() is State.PAUSED
    assert store.resume(paused)
    wait_for_end(home, runs)
    assert weights(home, runs) == expected


def test_a_node_that_dies_costs_an_epoch_at_most(
    cluster: Any, home: Home, expected: list[bytes]
) -> None:
    runs = start_all(home)
    wait(lambda: running(home) and training_nodes(cluster))
    node = training_nodes(cluster)[0]
    cluster.remove_node(node, allow_graceful=False)
    cluster.add_node(num_cpus=1, node_ip_address=node.node_ip_address)
    wait_for_end(home, runs)
    assert "lost" in (home.runs / "dispatcher.log").read_text()
    assert weights(home, runs) == expected


def test_a_dispatcher_that_is_killed_loses_and_doubles_nothing(
    home: Home, expected: list[bytes]
) -> None:
    runs, store, rng = start_all(home), Store(home.runs), random.Random(0)

    def trains_or_has_ended() -> bool:
        ensure_workers(home)
        return bool(running(home)) or not any(run.state.active for run in store.runs(runs))

    for _ in range(KILLS):
        wait(trains_or_has_ended)
        time.sleep(rng.uniform(0, 2))
        kill_dispatcher(home)
        wait(lambda: not cluster_setting.has_dispatcher(home))
    wait_for_end(home, runs)
    assert weights(home, runs) == expected
    for run in store.runs(runs):
        assert [each.number for each in run.epochs] == [1, 2, 3]
    with sqlite3.connect(home.runs / "store.sqlite") as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
