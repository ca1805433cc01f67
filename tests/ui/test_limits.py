"""A session starts so many runs a minute, and cancels those that it has started."""

from pathlib import Path

import pytest
import streamlit as st

from mnistlab.arch.presets import PRESETS
from mnistlab.errors import LabError
from mnistlab.recipe.recipe import Recipe
from mnistlab.store import queue
from mnistlab.store.run import State
from mnistlab.store.store import Store
from mnistlab.ui.train import limits
from tests.ui.app_test import run


def test_a_session_starts_so_many_runs_in_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "session_state", {})
    started = list[float]()

    def start_at(now: float) -> None:
        limits.limited(lambda: started.append(now), lambda: now)

    for second in range(limits.MAX_STARTS):
        start_at(second)
    with pytest.raises(LabError, match=r"Wait 50 s"):
        start_at(10)
    assert len(started) == limits.MAX_STARTS
    start_at(60)
    assert len(started) == limits.MAX_STARTS + 1


def test_the_train_page_says_so_and_starts_nothing(lab: Path) -> None:
    at = run("pages/train.py")
    for _ in range(limits.MAX_STARTS + 3):
        next(b for b in at.button if b.label == "Start training").click().run()
        assert not at.exception
    assert "within a minute" in at.error[0].value
    store = Store(lab / "runs")
    assert len(store.queue()) == limits.MAX_STARTS
    at = at.run()
    at.button(key="cancel_mine").click().run()
    assert not at.exception and not store.queue()


def test_only_waiting_runs_of_the_list_are_cancelled(store: Store) -> None:
    ids = [store.add("", PRESETS[3].spec, Recipe()) for _ in range(4)]
    assert store.claim()
    queue.cancel(store, [*ids[:3], 99])
    states = [run.state for run in store.runs(ids)]
    assert states == [State.RUNNING, State.STOPPED, State.STOPPED, State.QUEUED]
