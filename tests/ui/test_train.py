"""The Train page: ways to begin, watched runs, the panel for the end, runs that do not learn."""

import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mnistlab.arch.presets import get_preset
from mnistlab.cluster.overview import Overview, write_overview
from mnistlab.data.options import Split
from mnistlab.home import Home
from mnistlab.recipe.recipe import Recipe
from mnistlab.stats.predictions import save_predictions
from mnistlab.stats.score import Score
from mnistlab.store.run import Request, State
from mnistlab.store.store import Store
from mnistlab.training.diagnosis import Failure
from mnistlab.training.epoch import Epoch, Phase, Progress
from mnistlab.ui.train import live, outcome, start
from mnistlab.worker import processes
from mnistlab.worker.lock import lock
from tests.store.example_runs import add_finished_run, epoch, predictions_with_errors
from tests.ui.app_test import body, run, settled

SPEC = get_preset("target-4").spec
WRONG = [3, 17, 44, 71, 90, 123, 200, 333, 404, 555, 666]


def press(at: AppTest, label: str) -> None:
    next(button for button in at.button if button.label == label).click()
    settled(at)


def watched_ids(at: AppTest) -> list[int]:
    return [int(word) for word in "".join(at.query_params.get("run", [])).split(",") if word]


def links(at: AppTest) -> dict[str, str]:
    """The panel's links that can be followed: label and query."""
    found = (element.proto for element in at.get("page_link"))
    return {link.label: link.query_string for link in found if not link.disabled and link.icon}


def finish(store: Store, run_id: int, wrong: list[int] = WRONG) -> None:
    """Train a queued run: two epochs, then its predictions."""
    claimed = store.claim()
    assert claimed and claimed.id == run_id
    store.replace_epochs(run_id, [epoch(1, 300), epoch(2, 100)])
    save_predictions(store.predictions_path(run_id), predictions_with_errors(wrong))
    store.finish(run_id, State.DONE, "", Score(len(wrong), 1000))


@pytest.mark.parametrize(
    ("label", "size", "epochs"),
    [("demo", 2_560, 3), ("quick", 12_800, 8), ("training", None, 4)],
)
def test_each_way_to_begin_has_its_time_and_starts_its_run(
    store: Store, label: str, size: int | None, epochs: int
) -> None:
    at = run("pages/train.py", net="target-4")
    assert body(at).count("≈") == 3, "the two short runs and Start training"
    press(at, f"Start {label}")
    (queued,) = store.queue()
    assert (queued.recipe.train_size, queued.recipe.epochs) == (size, epochs)
    assert (label in queued.name) == (size is not None)
    assert watched_ids(at) == [queued.id] and "lab-begin" not in body(at)


def test_pages_that_are_opened_have_one_worker_ready_and_a_start_keeps_to_it(
    lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Home] = []
    monkeypatch.setattr(processes, "start_worker", started.append)
    monkeypatch.setenv("MNISTLAB_IDLE", "9")
    at, _ = run("pages/train.py"), run("pages/train.py")
    assert started == [Home(lab)]
    with lock(lab / "runs", processes.IDLE_LOCK):
        press(at, "Start demo")
    assert started == [Home(lab)] and Store(lab / "runs").queue()


def test_a_page_refreshes_quickly_until_the_first_step_of_its_run(lab: Path) -> None:
    now = [1000.0]
    store = Store(lab / "runs", clock=lambda: now[0])
    first, second = (store.add(name, SPEC, Recipe()) for name in ("first", "second"))
    assert live.any_starts(store, [first])
    assert not live.any_starts(store, [second]), "it is not its turn"
    store.claim()
    assert live.any_starts(store, [first]) and not live.any_starts(store, [second])
    now[0] += live.START_LIMIT
    assert not live.any_starts(store, [first]), "a download"
    now[0] -= live.START_LIMIT
    store.report(first, Phase.TRAIN, Progress(1, 128, 50_000, 4_000.0))
    assert not live.any_starts(store, [first])


def test_a_shorter_run_takes_less_time() -> None:
    recipe = Recipe()
    recipes = [recipe, *(one.recipe for one in start.short_runs(recipe))]
    times = [start.estimated_time(SPEC, one, []) for one in recipes]
    assert len(set(times)) == 3 and all("2 cores" in time for time in times)


def test_without_any_timing_the_time_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "_reference", lambda: None)
    assert "not measured" in start.estimated_time(SPEC, Recipe(), [])


def test_a_second_start_keeps_the_first_run_in_view(store: Store) -> None:
    at = run("pages/train.py")
    press(at, "Start demo")
    press(at, "Start training")
    press(at, "Start training")
    assert watched_ids(at) == [1, 2, 3]
    # A run that has ended makes room.
    store.request(1, Request.STOP)
    press(at, "Start training")
    assert watched_ids(at) == [2, 3, 4]


def test_the_end_of_a_run_is_a_panel_with_its_accuracy_errors_and_links(
    store: Store, lab: Path, mnist_folder: Path
) -> None:
    (lab / "data").symlink_to(mnist_folder)
    add_finished_run(store, SPEC, Recipe(), [400], name="earlier, worse")
    add_finished_run(store, SPEC, Recipe(), [50], name="earlier, best")
    at = run("pages/train.py")
    press(at, "Start training")
    tiles = body(at).split("lab-end-digits")[1]
    assert tiles.count("<i></i>") == outcome.N_DIGITS and not links(at)
    finish(store, 3)
    settled(at)
    shown = body(at)
    assert "98.90%" in shown and "95% CI" in shown and "11 errors" in shown
    assert shown.count("lab-card") == outcome.N_DIGITS and "3 → 4" in shown
    assert links(at) == {
        "Draw with it": "run=3",
        "See its mistakes": "run=3&tab=Errors",
        "Compare": "run=3%2C2",
    }


def test_without_mnist_the_errors_are_named(store: Store) -> None:
    add_finished_run(store, SPEC, Recipe(), [50], wrong=WRONG)
    shown = body(run("pages/train.py"))
    assert "lab-card" not in shown and "3 → 4" in shown


def test_a_run_without_errors_and_one_without_predictions(store: Store) -> None:
    add_finished_run(store, SPEC, Recipe(), [50])
    assert "Best validation so far" in body(run("pages/train.py"))
    store.request(store.add("stopped", SPEC, Recipe()), Request.STOP)
    assert "No epoch yet" in body(run("pages/train.py"))
    run_id = store.add("perfect", SPEC, Recipe())
    finish(store, run_id, [])
    shown = body(run("pages/train.py"))
    assert "100.00%" in shown and "0 errors" in shown and "No misclassified" in shown


def test_the_article_s_protocol_is_called_optimistic(store: Store) -> None:
    add_finished_run(store, SPEC, Recipe(split=Split.ARTICLE), [50], wrong=WRONG)
    assert "optimistic" in body(run("pages/train.py"))
    add_finished_run(store, SPEC, Recipe(), [50], wrong=WRONG, test=Score(11, 1000))
    assert "optimistic" not in body(run("pages/train.py"))


def test_who_comes_back_finds_the_run_that_ended_meanwhile(store: Store) -> None:
    other = add_finished_run(store, SPEC, Recipe(), [50])
    at = run("pages/train.py")
    press(at, "Start training")
    at.switch_page("pages/run.py")
    at.query_params["run"] = str(other)
    settled(at)
    finish(store, 2)
    at.switch_page("pages/train.py")
    del at.query_params["run"]
    settled(at)
    assert watched_ids(at) == [2] and "11 errors" in body(at)
    # Once is enough: the next visit shows what was selected last.
    at.switch_page("pages/run.py")
    at.query_params["run"] = str(other)
    settled(at)
    at.switch_page("pages/train.py")
    del at.query_params["run"]
    settled(at)
    assert watched_ids(at) == [other]


@pytest.mark.parametrize("page", ["pages/train.py", "pages/run.py"])
def test_a_run_that_does_not_learn_is_said_to_be_one(store: Store, page: str) -> None:
    store.add("too fast", SPEC, Recipe(learning_rate=2.0))
    store.claim()
    store.replace_epochs(
        1, [Epoch(n, 2.302, 0.11, 2.301, 8_865, 10_000, 2.0, 2.0, 5000.0) for n in (1, 2, 3)]
    )
    (warning,) = run(page, run="1").warning
    assert Failure.ONE_CLASS.label in warning.value and "0.2" in warning.value
    add_finished_run(store, SPEC, Recipe(), [300, 200, 100])
    assert not run(page, run="2").warning


def test_the_cluster_is_shown_where_runs_wait(lab: Path) -> None:
    """Its machines, those that were lost too, and why runs wait; nothing without a dispatcher."""
    assert "Ray cluster" not in body(run("pages/runs.py"))
    machines = (
        {"name": "a <b>", "cores": 4, "alive": True},
        {"name": "c", "cores": 2, "alive": False},
    )
    reason = "All cores are in use."
    write_overview(Home(lab), Overview(time.time(), 4, machines, {1: "a <b>"}, 2, reason))
    shown = body(run("pages/runs.py"))
    assert "1 machine, 4 cores, room for 4 runs at once; 1 training. 2 waiting: All cores" in shown
    assert "a &lt;b&gt;" in shown and "a <b>" not in shown and "lost" in shown
