"""The dispatcher with made-up nodes: what it does when they train, fail, lie and vanish."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mnistlab.arch.spec import parse
from mnistlab.cluster import dispatcher as module
from mnistlab.cluster.cluster import Lost, Trainer
from mnistlab.cluster.dispatcher import MAX_LOSSES, Dispatcher
from mnistlab.cluster.messages import Ended, Files, Sources, Status, Trained
from mnistlab.cluster.overview import read_overview, why_nothing_trains
from mnistlab.errors import LabError
from mnistlab.home import Home
from mnistlab.recipe.recipe import Recipe
from mnistlab.stats.score import Score
from mnistlab.store.run import Request, Run, State
from mnistlab.store.store import Store
from mnistlab.training.epoch import Progress
from mnistlab.ui.train import cluster_panel
from mnistlab.worker import cluster_setting
from mnistlab.worker.lock import lock_file
from tests.store.example_runs import epoch

SMALL = parse("4-p4-8-p8-gap-bn")
RECIPE = Recipe(epochs=3, batch_size=64, train_size=256)
END = Ended(State.DONE, "", Score(50, 1000), {})


class Nodes:
    """A cluster without Ray: `say` is what a node's next messages are."""

    problem = problem_of_head = ""

    def __init__(self, room: int) -> None:
        self._room = room
        self.trainers: list[Trainer] = []
        self.said: list[tuple[int, object]] = []
        self.requests: list[tuple[int, Request]] = []
        self.files: list[Files] = []

    def room(self) -> int:
        return self._room

    def nodes(self) -> list[dict[str, object]]:
        return [{"name": "a", "cores": self._room, "alive": True}]

    def head_problem(self) -> str:
        return self.problem_of_head

    def grow(self, wanted: int) -> None:
        while len(self.trainers) < min(wanted, self._room):
            self.trainers.append(Trainer(None, None, {"name": f"node{len(self.trainers)}"}))

    def free(self) -> list[Trainer]:
        return [each for each in self.trainers if each.run is None]

    def start(self, trainer: Trainer, run: Run, files: Files, sources: Sources) -> None:
        trainer.run = run
        self.files.append(files)

    def request(self, trainer: Trainer, request: Request) -> None:
        assert trainer.run is not None
        self.requests.append((trainer.run.id, request))

    def messages(self, seconds: float) -> Iterator[tuple[Trainer, object]]:
        said, self.said = self.said, []
        for run_id, message in said:
            for trainer in self.trainers:
                if trainer.run is not None and trainer.run.id == run_id:
                    yield trainer, message

    def done(self, trainer: Trainer) -> None:
        trainer.run = None

    def drop(self, trainer: Trainer) -> None:
        trainer.run = None
        self.trainers.remove(trainer)


@pytest.fixture
def lab(tmp_path: Path) -> tuple[Store, Nodes, Dispatcher]:
    home, nodes = Home(tmp_path), Nodes(2)
    cluster: Any = nodes
    return Store(home.runs), nodes, Dispatcher(home, cluster)


Lab = tuple[Store, Nodes, Dispatcher]


def state(store: Store, run_id: int) -> State:
    run = store.run(run_id)
    assert run is not None
    return run.state


def test_as_many_runs_train_as_there_is_room_for(lab: Lab) -> None:
    store, nodes, dispatcher = lab
    runs = [store.add(f"{n}", SMALL, RECIPE) for n in range(3)]
    assert dispatcher.step()
    assert [state(store, run) for run in runs] == [State.RUNNING, State.RUNNING, State.QUEUED]
    nodes.said = [(runs[0], END)]
    dispatcher.step()
    dispatcher.step()
    assert [state(store, run) for run in runs] == [State.DONE, State.RUNNING, State.RUNNING]
    first = store.run(runs[0])
    assert first is not None and first.test == Score(50, 1000)
    nodes.said = [(runs[1], END), (runs[2], END)]
    dispatcher.step()
    assert not dispatcher.step(), "nothing is left to do"


def test_epochs_and_requests_go_through(lab: Lab) -> None:
    store, nodes, dispatcher = lab
    run = store.add("", SMALL, RECIPE)
    dispatcher.step()
    nodes.said = [(run, Status("Training")), (run, Trained((epoch(1, 90),), False, {}))]
    dispatcher.step()
    now = store.run(run)
    assert now is not None and now.message == "Training" and now.epochs == (epoch(1, 90),)
    store.request(run, Request.PAUSE)
    dispatcher.step()
    assert nodes.requests == [(run, Request.PAUSE)], "no message is waited for"
    nodes.said = [(run, Status("Training")), (run, Status("Training"))]
    dispatcher.step()
    assert nodes.requests == [(run, Request.PAUSE)], "once is enough"
    nodes.said = [(run, Trained((epoch(2, 80),), False, {}))]
    dispatcher.step()
    assert nodes.requests == [(run, Request.PAUSE)], "an epoch does not take it back"
    nodes.said = [(run, Ended(State.PAUSED, "Paused.", None, {}, True))]
    dispatcher.step()
    assert state(store, run) is State.PAUSED


def test_a_page_that_asks_for_the_dispatcher_does_not_keep_it_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, served = Home(tmp_path), list[Home]()
    Store(home.runs).add("", SMALL, RECIPE)
    monkeypatch.setattr(module, "_serve", lambda home, idle: served.append(home))
    with closing(
        sqlite3.connect(lock_file(home.runs, "worker64"), check_same_thread=False)
    ) as page:
        page.execute("CREATE TABLE x (y)")
        page.execute("BEGIN")
        page.execute("SELECT * FROM x").fetchall()
        asked = threading.Timer(0.3, page.rollback)
        asked.start()
        module.dispatch(home, 1.0)
        asked.join()
    assert served == [home]


def test_a_run_whose_node_is_lost_goes_on_elsewhere(lab: Lab) -> None:
    store, nodes, dispatcher = lab
    run = store.add("", SMALL, RECIPE)
    dispatcher.step()
    nodes.said = [(run, Trained((epoch(1, 90),), False, {})), (run, Lost("gone"))]
    dispatcher.step()
    assert state(store, run) is State.QUEUED
    store.resume_path(run).parent.mkdir(parents=True, exist_ok=True)
    store.resume_path(run).write_bytes(b"the state after epoch 1")
    dispatcher.step()
    assert state(store, run) is State.RUNNING
    assert nodes.files[-1] == {"resume.safetensors": b"the state after epoch 1"}


def test_a_run_that_kills_its_nodes_fails(lab: Lab) -> None:
    store, nodes, dispatcher = lab
    run = store.add("", SMALL, RECIPE)
    for number in range(MAX_LOSSES):
        assert state(store, run) is State.QUEUED, number
        dispatcher.step()
        nodes.said = [(run, Lost("out of memory"))]
        dispatcher.step()
    assert state(store, run) is State.FAILED
    failed = store.run(run)
    assert failed is not None and "out of memory" in failed.message


@pytest.mark.parametrize(
    "lie",
    [
        Trained((epoch(2, 90),), False, {}),
        Trained(tuple(epoch(n, 9) for n in range(1, 5)), True, {}),
        Trained((replace(epoch(1, 90), train_loss=float("nan")),), False, {}),
        Trained((epoch(1, 90),), False, {"../../store.sqlite": b""}),
        Trained((epoch(1, 90),), False, {"best.safetensors": b"no weights"}),
        Trained((epoch(1, 90),), False, {"epochs/0001.safetensors": b""}),
        Ended(State.RUNNING, "", None, {}),
        Trained(("no epoch",), False, {}),  # type: ignore[arg-type]
        Trained((), False, None),  # type: ignore[arg-type]
        Ended(State.DONE, "", "99%", {}),  # type: ignore[arg-type]
        Ended(State.DONE, "", Score(5, 10**9), {}),
        Status(7),  # type: ignore[arg-type]
        Status("", Progress(1, 5, 0, 1.0)),
        Status("", Progress(9, 5, 10, 1.0)),
        Status("", "half"),  # type: ignore[arg-type]
        "hello",
    ],
    ids=repr,
)
def test_what_no_training_sends_is_not_written(lab: Lab, lie: object) -> None:
    store, nodes, dispatcher = lab
    run = store.add("", SMALL, RECIPE)
    dispatcher.step()
    nodes.said = [(run, lie)]
    dispatcher.step()
    now = store.run(run)
    assert now is not None and now.state is State.FAILED and not now.epochs
    assert "node0 sent" in now.message
    assert not [path for path in store.folder.rglob("*.safetensors")]
    assert not nodes.trainers, "the node is given up"


def test_a_run_that_was_taken_away_gets_nothing_more(lab: Lab) -> None:
    store, nodes, dispatcher = lab
    run = store.add("", SMALL, RECIPE)
    dispatcher.step()
    store.finish(run, State.PAUSED, "by somebody else")
    nodes.said = [(run, Trained((epoch(1, 90),), False, {})), (run, END)]
    dispatcher.step()
    now = store.run(run)
    assert now is not None and now.state is State.PAUSED and not now.epochs


def test_the_overview_says_what_waits_and_why(lab: Lab) -> None:
    store, _, dispatcher = lab
    runs = [store.add(f"{n}", SMALL, RECIPE) for n in range(3)]
    dispatcher.step()
    overview = dispatcher.overview()
    assert overview.runs == {runs[0]: "node0", runs[1]: "node1"}
    assert overview.n_waiting == 1 and overview.waiting == "All cores are in use."
    assert overview.room == 2 and not overview.problem
    lab[1].problem_of_head = "The cluster's head has not answered for 7 s."
    assert dispatcher.overview().problem == lab[1].problem_of_head


def test_pages_say_why_there_is_no_cluster(
    lab: Lab, tmp_path: Path, mnist_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run waits; whoever looks starts the next dispatcher."""
    (tmp_path / "data").symlink_to(mnist_folder)

    def unreachable(address: str, mnist: object) -> None:
        raise LabError("The Ray cluster at 'x:1' cannot be used.")

    monkeypatch.setattr(module, "connected", unreachable)
    home = Home(tmp_path)
    run = lab[0].add("", SMALL, RECIPE)
    with pytest.raises(LabError):
        module.dispatch(home, 1.0)
    assert why_nothing_trains(home) == "The Ray cluster at 'x:1' cannot be used."
    overview = read_overview(home)
    assert overview is not None and "1 run waiting" in cluster_panel.summary(overview)
    assert state(lab[0], run) is State.QUEUED and not cluster_setting.has_dispatcher(home)
