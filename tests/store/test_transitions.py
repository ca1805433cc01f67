"""The state machine: its tables are complete and consistent, and the store follows them."""

import itertools
from pathlib import Path

import pytest

from mnistlab.arch.presets import PRESETS
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.run import Request, State
from mnistlab.store.store import Store
from mnistlab.store.transitions import (
    RELEASES,
    REQUESTS,
    STRENGTH,
    Outcome,
    Position,
    Transition,
    released,
    requested,
    resumed,
)
from mnistlab.store.worker_slots import interrupt_orphans
from tests.store.example_runs import epoch

EPOCHS_DONE = (0, 2)
REPORTED = tuple(state for state in State if state is not State.RUNNING)


def test_the_tables_have_every_pair() -> None:
    assert set(REQUESTS) == set(itertools.product(State, Request))
    assert set(RELEASES) == set(itertools.product(REPORTED, Request))
    assert set(STRENGTH) == set(Request) and len(set(STRENGTH.values())) == len(Request)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("request_", Request)
def test_a_request_moves_a_run_only_where_it_makes_sense(state: State, request_: Request) -> None:
    for outcome, done in zip(REQUESTS[state, request_], EPOCHS_DONE, strict=True):
        # Only a worker ends a run that has epochs to evaluate, and only a stop ends one.
        assert outcome is not Outcome.STOPPED or (not done and request_ is Request.STOP)
        assert outcome is not Outcome.CONCLUDED or (done and state.resumable)
        # Only a running run has a worker to read requests; only a queued one can leave the queue.
        assert outcome is not Outcome.NOTED or state is State.RUNNING
        assert outcome is not Outcome.DEQUEUED or state is State.QUEUED
        if request_ is Request.NONE or state in (State.DONE, State.STOPPED):
            assert outcome is Outcome.IGNORED
        if request_ is Request.STOP and state not in (State.DONE, State.STOPPED):
            assert outcome is not Outcome.IGNORED


@pytest.mark.parametrize("noted", Request)
def test_a_request_is_only_replaced_by_a_stronger_one(noted: Request) -> None:
    for request in Request:
        found = requested(State.RUNNING, request, noted, 1)
        stronger = STRENGTH[request] > STRENGTH[noted]
        assert found == (Transition(State.RUNNING, request) if stronger else None)
        if noted is Request.STOP and request is not Request.STOP:
            assert requested(State.QUEUED, request, noted, 2) is None, "a stop is not taken back"


@pytest.mark.parametrize("reported", REPORTED)
@pytest.mark.parametrize("noted", Request)
def test_a_stop_is_never_lost_when_a_run_is_released(reported: State, noted: Request) -> None:
    for done in EPOCHS_DONE:
        found = released(reported, noted, done)
        assert found.state is not State.RUNNING
        assert (found.position is not Position.NOWHERE) == (found.state is State.QUEUED)
        ended = found.state in (State.DONE, State.STOPPED)
        assert (found.request is Request.STOP) == (noted is Request.STOP and not ended)


def row_of(store: Store, run_id: int) -> tuple[State, Request, float | None, bool]:
    with store.database.reading() as db:
        row = db.execute("SELECT * FROM runs WHERE id = ?", (run_id,)).fetchone()
    return (
        State(row["state"]),
        Request(row["request"]),
        row["queue_position"],
        row["ended"] is not None,
    )


def run_in(store: Store, state: State, noted: Request, done: int) -> int:
    """A run in this state, with this request to carry out, after so many epochs."""
    run_id = store.add("", PRESETS[3].spec, Recipe(epochs=9))
    store.replace_epochs(run_id, [epoch(n, 60) for n in range(1, done + 1)])
    slot = 0 if state is State.RUNNING else None
    place = 5 if state is State.QUEUED else None
    with store.database.writing() as db:
        db.execute(
            "UPDATE runs SET state = ?, request = ?, slot = ?, queue_position = ?, ended = NULL "
            "WHERE id = ?",
            (state, noted, slot, place, run_id),
        )
    return run_id


def follows(store: Store, run_id: int, to: Transition) -> None:
    state, request, place, ended = row_of(store, run_id)
    assert (state, request) == (to.state, to.request)
    assert ended == (not state.active)
    match to.position:
        case Position.NOWHERE:
            assert place is None
        case Position.NEXT:
            assert place is not None and place < 0
        case Position.RETURNED:
            assert place == 0
        case Position.LAST:
            assert place is not None and place > 0


@pytest.mark.parametrize(("state", "noted"), [*itertools.product(State, Request)])
def test_the_store_follows_the_table_of_requests(
    tmp_path: Path, state: State, noted: Request
) -> None:
    store = Store(tmp_path)
    for request, done in itertools.product(Request, EPOCHS_DONE):
        run_id = run_in(store, state, noted, done)
        before, to = row_of(store, run_id), requested(state, request, noted, done)
        store.request(run_id, request)
        if to is None:
            assert row_of(store, run_id) == before, (request, done)
        elif to.state is State.RUNNING:
            assert row_of(store, run_id)[:2] == (State.RUNNING, to.request)
        else:
            follows(store, run_id, to)


@pytest.mark.parametrize(("reported", "noted"), [*itertools.product(REPORTED, Request)])
def test_the_store_follows_the_table_of_releases(
    tmp_path: Path, reported: State, noted: Request
) -> None:
    store = Store(tmp_path)
    for done in EPOCHS_DONE:
        run_id = run_in(store, State.RUNNING, noted, done)
        if reported is State.INTERRUPTED:
            assert interrupt_orphans(store, 0) == 1
        else:
            store.finish(run_id, reported, "why")
        follows(store, run_id, released(reported, noted, done))
        before = row_of(store, run_id)
        store.finish(run_id, State.DONE, "")
        assert row_of(store, run_id) == before, "only a running run is released"


@pytest.mark.parametrize(("state", "noted"), [*itertools.product(State, Request)])
def test_the_store_resumes_as_in_the_table(tmp_path: Path, state: State, noted: Request) -> None:
    store = Store(tmp_path)
    run_id = run_in(store, state, noted, 1)
    before, to = row_of(store, run_id), resumed(state, noted)
    assert store.resume(run_id) == (to is not None) == state.resumable
    if to:
        follows(store, run_id, to)
    else:
        assert row_of(store, run_id) == before
