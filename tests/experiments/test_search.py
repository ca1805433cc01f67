"""A search over made-up runs: suggestions, stopped trials, the Pareto front; and one for real."""

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from mnistlab.__main__ import main
from mnistlab.arch.presets import get_preset
from mnistlab.arch.spec import Spec
from mnistlab.arch.summary import summarize
from mnistlab.errors import LabError
from mnistlab.experiments.search import suggestions, trials
from mnistlab.experiments.search.search import (
    Search,
    pareto_front,
    search_names,
    search_runs,
)
from mnistlab.experiments.search.suggestions import hopeless, suggest
from mnistlab.home import Home
from mnistlab.recipe.recipe import Recipe
from mnistlab.stats.score import Score
from mnistlab.store.run import Request, RunSummary, State
from mnistlab.store.store import Store
from mnistlab.store.table import edit_details
from mnistlab.store.trash import move_to_trash
from mnistlab.worker import processes
from tests.store.example_runs import add_finished_run, epoch

SEARCH = Search("one")
needs_optuna = pytest.mark.usefixtures("optuna")


@pytest.fixture
def optuna() -> None:
    pytest.importorskip("optuna", reason="requirements-search.txt is not installed")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.of(Home(tmp_path))


def add_trial(store: Store, search: Search, design: tuple[Spec, Recipe], *errors: int) -> int:
    run_id = add_finished_run(store, *design, errors)
    edit_details(store, run_id, "trial", "", search.tag, "")
    return run_id


def add_trials(store: Store, search: Search, count: int) -> None:
    """Suggested trials whose errors fall with their size."""
    for _ in range(count):
        spec, recipe = suggest(search, search_runs(store, search))
        size = summarize(spec).total
        add_trial(store, search, (spec, recipe), 900, 600, 500, 50 + 1_000_000 // size)


@needs_optuna
@pytest.mark.parametrize("budget", [15_000, 3_000])
def test_suggestions_keep_to_the_budget_and_none_comes_twice(store: Store, budget: int) -> None:
    search = replace(SEARCH, budget=budget)
    add_trials(store, search, 14)  # some by the sampler's own estimate, after ten random ones
    runs = search_runs(store, search)
    assert all(run.parameters <= budget for run in runs)
    assert len({(run.spec, run.recipe) for run in runs}) == 14
    assert all(replace(run.recipe, learning_rate=0.1) == search.recipe for run in runs)


@needs_optuna
def test_a_search_made_of_the_store_again_suggests_the_same(store: Store) -> None:
    for count in (0, 3, 9):
        add_trials(store, SEARCH, count)
        here = suggest(SEARCH, search_runs(store, SEARCH))
        assert suggest(SEARCH, search_runs(Store(store.folder), SEARCH)) == here
    assert suggest(replace(SEARCH, seed=1), []) != suggest(SEARCH, [])


@needs_optuna
def test_a_trial_in_the_trash_is_replaced_by_another_one(store: Store) -> None:
    add_trials(store, SEARCH, 3)
    first, *others = search_runs(store, SEARCH)
    move_to_trash(store, [first.id])
    spec, recipe = suggest(SEARCH, search_runs(store, SEARCH))
    assert (spec, recipe) not in [(run.spec, run.recipe) for run in others]


@needs_optuna
def test_a_budget_that_no_network_keeps_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suggestions, "MAX_SUGGESTIONS", 20)
    with pytest.raises(LabError, match=r"at most 500 parameters.*--budget"):
        suggest(replace(SEARCH, budget=500), [])


@needs_optuna
def test_a_running_trial_below_the_median_is_stopped_and_no_other(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trials, "submit", lambda *_: pytest.fail("no trial is missing"))
    for errors in (300, 310, 320, 330, 340):
        assert hopeless(SEARCH, search_runs(store, SEARCH)) == []
        design = suggest(SEARCH, search_runs(store, SEARCH))
        add_trial(store, SEARCH, design, 400, errors, 200, 100)
    bad, good = list[int](), list[int]()
    for errors, ids in ((321, bad), (319, good), (2000, bad)):
        spec, recipe = suggest(SEARCH, search_runs(store, SEARCH))
        ids.append(store.add("trains", spec, recipe, tags=[SEARCH.tag]))
        claimed = store.claim()
        assert claimed and claimed.id == ids[-1]
        store.add_epoch(claimed.id, epoch(1, 2500))
        store.add_epoch(claimed.id, epoch(2, errors))
    runs = trials.advance(Home(store.folder.parent), SEARCH, n_trials=8)
    assert len(runs) == 8
    requests = {run.id: run.request for run in store.running()}
    assert requests == dict.fromkeys(bad, Request.STOP) | dict.fromkeys(good, Request.NONE)


@needs_optuna
def test_as_many_trials_as_have_room_are_queued_and_paused_ones_resumed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "start_worker", lambda home: None)
    monkeypatch.setenv("MNISTLAB_WORKERS", "2")
    home = Home(store.folder.parent)
    runs = trials.advance(home, SEARCH, n_trials=3, owner="Ada")
    assert [(run.state, run.owner) for run in runs] == [(State.QUEUED, "Ada")] * 2
    assert runs[0].spec != runs[1].spec and trials.n_missing(runs, 3) == 1
    assert len(trials.advance(home, SEARCH, n_trials=3)) == 2, "no room"
    store.request(runs[0].id, Request.PAUSE)
    assert len(trials.advance(home, SEARCH, n_trials=3)) == 3
    assert trials.n_missing(search_runs(store, SEARCH), 3) == 1
    trials.resume_trials(store, SEARCH)
    runs = search_runs(store, SEARCH)
    assert {run.state for run in runs} == {State.QUEUED} and trials.n_missing(runs, 3) == 0
    assert len(trials.advance(home, SEARCH, n_trials=3)) == 3, "there are no more"


@needs_optuna
def test_a_failed_trial_is_tried_again_by_the_next_command_and_is_not_missing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "start_worker", lambda home: None)
    trials.advance(Home(store.folder.parent), SEARCH, n_trials=1)
    claimed = store.claim()
    assert claimed
    store.finish(claimed.id, State.FAILED, "The disk is full.")
    assert trials.n_missing(search_runs(store, SEARCH), 1) == 0
    trials.resume_trials(store, SEARCH)
    assert [run.state for run in search_runs(store, SEARCH)] == [State.QUEUED]


@needs_optuna
def test_another_budget_than_that_of_its_trials_is_refused(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "start_worker", lambda home: None)
    (run,) = trials.advance(Home(store.folder.parent), SEARCH, n_trials=1)
    assert run.tags == ("search-one", "budget-15000")
    with pytest.raises(LabError, match="started with --budget 15000, not 3000"):
        search_runs(store, replace(SEARCH, budget=3000))
    edit_details(store, run.id, "of old", "", SEARCH.tag, "")
    assert search_runs(store, replace(SEARCH, budget=3000)), "an older one does not tell"


def test_other_settings_are_refused_and_names_are_words(store: Store) -> None:
    run_id = store.add("mine", *target_4(Search("one", epochs=2)), tags=["search-one", "x"])
    assert search_names(store) == ["one"]
    assert [run.id for run in search_runs(store, Search("one", epochs=2))] == [run_id]
    with pytest.raises(LabError, match=f"Run {run_id} .*another name"):
        search_runs(store, SEARCH)
    assert search_runs(store, Search("on")) == [], "another tag"
    for name in ("", "a b", "é", "-x", "x" * 41):
        with pytest.raises(LabError, match="no name"):
            Search(name)
    with pytest.raises(LabError, match="epochs"):
        Search("one", epochs=0)


def target_4(search: Search) -> tuple[Spec, Recipe]:
    return get_preset("target-4").spec, search.recipe


def on_front(runs: Sequence[RunSummary]) -> set[int]:
    """By comparing every pair."""

    def beats(one: RunSummary, other: RunSummary) -> bool:
        assert one.best and other.best
        here, there = ((-run.parameters, -run.best.errors) for run in (one, other) if run.best)
        no_worse = here[0] >= there[0] and here[1] >= there[1]
        return no_worse and (here != there or one.id < other.id)

    scored = [run for run in runs if run.best]
    return {run.id for run in scored if not any(beats(one, run) for one in scored if one != run)}


def test_the_pareto_front_is_what_no_other_run_beats(store: Store) -> None:
    template = store.run(add_finished_run(store, *target_4(SEARCH), [100]))
    assert template
    rng = random.Random(0)
    for count in range(60):
        runs = [
            replace(
                template,
                id=n,
                parameters=rng.randint(1, 20),
                best=Score(rng.randint(0, 20), 100) if rng.random() < 0.9 else None,
            )
            for n in range(count)
        ]
        rng.shuffle(runs)
        front = pareto_front(runs)
        assert {run.id for run in front} == on_front(runs)
        assert front == sorted(front, key=lambda run: run.parameters)


def test_without_optuna_a_sentence_says_what_to_install(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(suggestions, "find_spec", lambda name: None)
    assert main(["search", "one"]) == 2
    assert "pip install -r requirements-search.txt" in capsys.readouterr().err


@needs_optuna
@pytest.mark.slow
def test_the_command_trains_and_the_same_one_has_nothing_left_to_do(
    tmp_path: Path,
    mnist_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in (("HOME", str(tmp_path)), ("WORKERS", "2"), ("THREADS", "1")):
        monkeypatch.setenv(f"MNISTLAB_{name}", value)
    (tmp_path / "data").symlink_to(mnist_folder)
    command = ["search", "tiny", "--trials", "2", "--epochs", "1", "--train-size", "64"]
    assert main(command) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[2] for line in lines[:2]] == ["done", "done"]
    assert main(command) == 0
    again = capsys.readouterr().out.splitlines()
    assert again == lines[2:] and again[0].split()[1] == "parameters"
    runs = search_runs(Store.of(Home(tmp_path)), Search("tiny", 1, 64))
    assert [(run.state, run.epochs_done) for run in runs] == [(State.DONE, 1)] * 2
