"""Short real runs, and what the tests of a real cluster ask of them and do to it."""

import os
import signal
import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mnistlab.arch.spec import parse
from mnistlab.home import Home
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.run import Run, State
from mnistlab.store.store import Store
from mnistlab.training.tensor_file import unpacked
from mnistlab.worker import cluster_setting
from mnistlab.worker.processes import ensure_workers, submit
from tests.waiting import until

SMALL = parse("4-p4-8-p8-gap-bn")
RECIPE = Recipe(epochs=3, batch_size=8, train_size=8000)
SEEDS = (0, 1, 2, 3)
IP = "--node_ip_address="


def set_up(patch: pytest.MonkeyPatch, address: str = "") -> None:
    """Runs of one thread, on the cluster at this address, as urgent as the tests."""
    for name, value in (("THREADS", "1"), ("NICE", "0"), ("RAY", address)):
        patch.setenv(f"MNISTLAB_{name}", value)


def new_home(folder: Path, mnist_folder: Path) -> Home:
    (folder / "data").symlink_to(mnist_folder)
    return Home(folder)


def start_all(home: Home, n_runs: int = len(SEEDS)) -> list[int]:
    return [
        submit(home, f"seed {seed}", SMALL, replace(RECIPE, seed=seed)) for seed in SEEDS[:n_runs]
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


def check_store(home: Home, runs: list[int]) -> None:
    """No epoch is missing or there twice, and the file is whole."""
    for run in Store(home.runs).runs(runs):
        assert [each.number for each in run.epochs] == [1, 2, 3]
    with sqlite3.connect(home.runs / "store.sqlite") as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def running(home: Home) -> list[Run]:
    """The runs of which a first step is known; none without a dispatcher."""
    store = Store(home.runs)
    if not cluster_setting.has_dispatcher(home):
        return []
    return [run for run in store.runs([each.id for each in store.running()]) if run.progress]


def dispatcher_log(home: Home) -> str:
    return (home.runs / "dispatcher.log").read_text()


def processes() -> list[tuple[int, bytes, int]]:
    """Each process: its number, its command and its parent's number."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        found.append((int(process.name), command, int(parent)))
    return found


def kill_dispatcher(home: Home) -> bool:
    """Kill the lab's dispatcher; whether there was one."""
    n_killed = 0
    for number, command, _ in processes():
        try:
            environment = Path(f"/proc/{number}/environ").read_bytes()
            if cluster_setting.DISPATCHER.encode() in command and bytes(home.root) in environment:
                os.kill(number, signal.SIGKILL)
                n_killed += 1
        except OSError:
            continue
    return n_killed > 0


def training_nodes(cluster: Any) -> list[Any]:
    """The nodes, but for the head, on which a run trains: an actor is a child of its raylet."""
    all_processes = processes()
    commands = {number: command.decode(errors="replace") for number, command, _ in all_processes}
    addresses = set()
    for _, command, parent in all_processes:
        if command.startswith(b"ray::Node.train"):
            raylet = commands.get(parent, "").split("\0")
            addresses |= {each.split("=")[1] for each in raylet if IP in each}
    return [node for node in cluster.worker_nodes if node.node_ip_address in addresses]


def node_processes(node: Any) -> list[int]:
    """The raylet of a node and the processes that it started."""
    all_processes = processes()
    raylets = {
        number
        for number, command, _ in all_processes
        if b"raylet/raylet" in command and f"{IP}{node.node_ip_address}\0".encode() in command
    }
    children = [number for number, _, parent in all_processes if parent in raylets]
    return [*raylets, *children]


def send(numbers: list[int], number_of_signal: int) -> None:
    for number in numbers:
        try:
            os.kill(number, number_of_signal)
        except ProcessLookupError:
            continue
