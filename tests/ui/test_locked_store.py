"""Another program locks the store's file: every page says so, after one wait."""

import pytest

from mnistlab.arch.presets import PRESETS
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.store import Store
from tests.store.test_locked_store import KINDS, Clock, locked
from tests.ui.app_test import run
from tests.ui.test_pages import PAGES


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
