"""What a page says about a run that trains."""

from pathlib import Path

import pytest

from mnistlab.arch.presets import PRESETS
from mnistlab.home import Home
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.run import Request, State
from mnistlab.store.store import Store
from mnistlab.ui.runs import actions
from mnistlab.ui.train import live
from tests.ui.app_test import run


@pytest.mark.parametrize("request_", [Request.STOP, Request.PAUSE])
def test_a_run_that_is_stopping_names_the_step_that_it_waits_for(
    tmp_path: Path, request_: Request
) -> None:
    store = Store(tmp_path)
    run_id = store.add("mine", PRESETS[0].spec, Recipe())
    store.claim()
    texts = []
    for step in ("Training", "Loading MNIST"):
        store.report(run_id, step, None)
        store.request(run_id, request_)
        run = store.run(run_id)
        assert run
        texts.append(live.status_text(store, run))
    assert texts[1].startswith(texts[0]) and "Loading MNIST" in texts[1]
    assert "Training" not in texts[0]


def test_what_a_running_process_does_stands_at_its_bar(tmp_path: Path) -> None:
    # Beside the buttons a long text would move them to another line.
    home = Home(tmp_path)
    store = Store(home.runs)
    run_id = store.add("mine", PRESETS[0].spec, Recipe())
    store.claim()
    store.report(run_id, "Evaluating on test images (6,500 images)", None)
    run = store.run(run_id)
    assert run and live.status_text(store, run) == ""
    assert "6,500" in live._progress_bar(home, run)


def test_a_run_that_ends_while_its_page_is_drawn_is_shown_as_ended(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = store.add("mine", PRESETS[0].spec, Recipe())
    monkeypatch.setattr(actions, "undo_delete", lambda store: store.request(run_id, Request.STOP))
    table = str(run("pages/runs.py").get("bidi_component")[0].proto)
    ended = store.run(run_id)
    assert ended and not ended.state.active
    assert f">{ended.state}<" in table and f">{State.QUEUED}<" not in table
