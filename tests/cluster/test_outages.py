"""A real cluster whose head is lost, or a part of which cannot be reached for a while.

Processes that are stopped (SIGSTOP) stand in for a network that is gone: they answer nobody, their
connections stay open, and when they go on (SIGCONT) they say what they had to say.
"""

import os
import signal
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from mnistlab.cluster.overview import read_overview
from mnistlab.home import Home
from mnistlab.store.store import Store
from mnistlab.worker.processes import ensure_workers
from tests.cluster.real_runs import (
    check_store,
    dispatcher_log,
    node_processes,
    processes,
    running,
    send,
    start_all,
    training_nodes,
    wait,
    wait_for_end,
    weights,
)

ray = pytest.importorskip("ray")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ray")]

HEAD = "127.0.0.5"
N_RUNS = 2
SHORT_SECONDS = 10.0
"""Ray gives a node up that has not answered its head for 15 seconds at least."""


@pytest.fixture
def cluster() -> Iterator[Any]:
    """A head and another node, of one core each."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    cluster = Cluster()
    with socket.socket() as free:
        free.bind((HEAD, 0))
        port = free.getsockname()[1]
    start(cluster, port)
    yield cluster
    cluster.shutdown()


def start(cluster: Any, port: int) -> None:
    head = {"num_cpus": 1, "include_dashboard": False, "node_ip_address": HEAD}
    cluster.add_node(**head, gcs_server_port=port)
    cluster.add_node(num_cpus=1, node_ip_address="127.0.0.6")


def test_runs_go_on_when_a_lost_head_is_back(
    cluster: Any, home: Home, expected: list[bytes]
) -> None:
    """At the same address, as a new cluster: without its head's memory Ray has no other."""
    runs = start_all(home, N_RUNS)
    wait(lambda: len(running(home)) == N_RUNS)
    port = int(cluster.address.rpartition(":")[2])
    for node in (cluster.head_node, *cluster.worker_nodes):
        cluster.remove_node(node, allow_graceful=False)
    start(cluster, port)
    wait_for_end(home, runs)
    assert weights(home, runs) == expected[:N_RUNS]
    check_store(home, runs)


def test_runs_go_on_while_the_head_cannot_be_reached(home: Home, expected: list[bytes]) -> None:
    runs, store = start_all(home, N_RUNS), Store(home.runs)
    wait(lambda: len(running(home)) == N_RUNS)
    head = [number for number, command, _ in processes() if is_head(command)]
    assert head

    def is_told() -> bool:
        overview = read_overview(home)
        return overview is not None and "not answered" in overview.problem

    def known() -> list[object]:
        return [(run.progress, run.epochs, run.state) for run in store.runs(runs)]

    try:
        send(head, signal.SIGSTOP)
        before = known()
        wait(is_told)
        wait(lambda: known() != before)
    finally:
        send(head, signal.SIGCONT)
    wait_for_end(home, runs)
    assert "lost" not in dispatcher_log(home)
    assert weights(home, runs) == expected[:N_RUNS]
    check_store(home, runs)


def is_head(command: bytes) -> bool:
    return b"gcs_server" in command and HEAD.encode() in command


@pytest.mark.parametrize("is_given_up", [False, True], ids=["for a moment", "until it is given up"])
def test_a_node_that_cannot_be_reached_doubles_and_loses_nothing(
    cluster: Any, home: Home, expected: list[bytes], is_given_up: bool
) -> None:
    runs = start_all(home, N_RUNS)
    wait(lambda: running(home) and training_nodes(cluster))
    stopped = node_processes(training_nodes(cluster)[0])

    def is_given_up_now() -> bool:
        ensure_workers(home)
        return "lost" in dispatcher_log(home)

    try:
        send(stopped, signal.SIGSTOP)
        if is_given_up:
            wait(is_given_up_now)
        else:
            time.sleep(SHORT_SECONDS)
    finally:
        send(stopped, signal.SIGCONT)
    wait_for_end(home, runs)
    assert ("lost" in dispatcher_log(home)) == is_given_up
    assert weights(home, runs) == expected[:N_RUNS]
    check_store(home, runs)
