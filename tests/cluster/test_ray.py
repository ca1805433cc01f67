"""Real runs on a real cluster of several raylets: the bits of local workers, whatever is killed.

`MNISTLAB_KILLS=20` kills the dispatcher more often than a quick test can.
"""

import os
import random
import time
from collections.abc import Iterator
from typing import Any

import pytest

from mnistlab.__main__ import main
from mnistlab.cluster.overview import read_overview
from mnistlab.experiments.search.search import Search, search_runs
from mnistlab.home import Home
from mnistlab.store.run import Request, State
from mnistlab.store.store import Store
from mnistlab.worker import cluster_setting
from mnistlab.worker.processes import ensure_workers
from tests.cluster.real_runs import (
    SEEDS,
    check_store,
    dispatcher_log,
    kill_dispatcher,
    running,
    start_all,
    training_nodes,
    wait,
    wait_for_end,
    weights,
)

ray = pytest.importorskip("ray")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ray")]

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


def test_a_search_trains_on_the_cluster(
    cluster: Any, home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("optuna", reason="requirements-search.txt is not installed")
    for name, value in (("HOME", str(home.root)), ("WORKERS", "1"), ("IDLE", "0")):
        monkeypatch.setenv(f"MNISTLAB_{name}", value)
    command = ["search", "tiny", "--trials", "3", "--epochs", "1", "--train-size", "64"]
    assert main([*command, "--ray", cluster.address]) == 0
    runs = search_runs(Store.of(home), Search("tiny", 1, 64))
    assert [run.state for run in runs] == [State.DONE] * 3
    assert "parameters" in capsys.readouterr().out
    assert (home.runs / "dispatcher.log").exists() and not (home.runs / "worker.log").exists()


def test_a_node_that_dies_costs_an_epoch_at_most(
    cluster: Any, home: Home, expected: list[bytes]
) -> None:
    runs = start_all(home)
    wait(lambda: running(home) and training_nodes(cluster))
    node = training_nodes(cluster)[0]
    cluster.remove_node(node, allow_graceful=False)
    cluster.add_node(num_cpus=1, node_ip_address=node.node_ip_address)
    wait_for_end(home, runs)
    assert "lost" in dispatcher_log(home)
    assert weights(home, runs) == expected


def test_a_dispatcher_that_is_killed_loses_and_doubles_nothing(
    home: Home, expected: list[bytes]
) -> None:
    """Exactly KILLS times: when the runs have ended before, others begin."""
    runs, store, rng, n_killed = start_all(home), Store(home.runs), random.Random(0), 0

    def trains_or_has_ended() -> bool:
        ensure_workers(home)
        return bool(running(home)) or not any(run.state.active for run in store.runs(runs[-4:]))

    while n_killed < KILLS:
        wait(trains_or_has_ended)
        if not running(home):
            runs += start_all(home)
            continue
        time.sleep(rng.uniform(0, 2))
        n_killed += kill_dispatcher(home)
        wait(lambda: not cluster_setting.has_dispatcher(home))
    wait_for_end(home, runs)
    print(f"{n_killed} dispatchers killed during {len(runs)} runs")
    assert weights(home, runs) == expected * (len(runs) // len(SEEDS))
    check_store(home, runs)
