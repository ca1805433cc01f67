"""Another program locks the store's file: every page says so, after one wait."""

import os
from pathlib import Path

import pytest

from mnistlab.arch.presets import PRESETS
from mnistlab.home import Home
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.database import lock_notice
from mnistlab.store.database.lock_notice import LockNotice
from mnistlab.store.store import Store
from mnistlab.worker.processes import worker_lock
from tests.store.test_locked_store import KINDS, Clock, locked
from tests.ui.app_test import body, run, settled
from tests.ui.test_pages import PAGES
from tests.waiting import CEILING


@pytest.mark.parametrize("kind", KINDS)
def test_every_page_answers_within_two_seconds_that_the_store_is_busy(
    store: Store, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add("waiting", PRESETS[3].spec, Recipe())
    clock, n_told = Clock(monkeypatch), 0
    with locked(store, kind):
        for page in PAGES:
            clock.now += 100
            opened = clock.now
            at = run(page)
            assert clock.now - opened <= 2, page
            shown = [each.value for each in (*at.error, *at.warning)]
            n_told += any("Another process is using it" in each for each in shown)
    assert n_told >= 6 if kind == KINDS[1] else n_told >= 1


@pytest.mark.parametrize("page", ["train", "run", "runs", "compare"])
def test_a_page_says_that_a_training_waits_and_does_not_offer_to_kill_it(
    store: Store, lab: Path, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    for name in ("waiting", "second"):
        store.add(name, PRESETS[3].spec, Recipe())
    Store(store.folder, clock=lambda: store.now() - 600).claim(pid=os.getpid())
    monkeypatch.setenv("MNISTLAB_WORKERS", "1")
    monkeypatch.setattr(lock_notice, "FRESH_SECONDS", CEILING)
    with worker_lock(Home(lab)), locked(store, KINDS[0]):
        at = run(f"pages/{page}.py", run="1,2" if page == "compare" else "1")
        assert not at.warning and ("No heartbeat" in body(at) or page in ("runs", "compare"))
        notice = LockNotice(store.folder)
        for now in (0.0, 72.0):
            notice.found_locked(now)
        at = settled(at)
        (warning,) = at.warning
        assert "has locked" in warning.value and "1 min 12 s" in warning.value
        assert "goes on by itself" in warning.value and "No heartbeat" not in body(at)
        assert not any(button.label == "Kill process" for button in at.button)
        notice.found_free()
    assert not settled(at).warning
