"""Rows of a later version, or changed by hand: each is named, and every page works without it."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from mnistlab.arch.spec import parse
from mnistlab.errors import LabError
from mnistlab.handwriting import collection
from mnistlab.handwriting.drawings import validate
from mnistlab.recipe.recipe import Recipe
from mnistlab.stats.score import Score
from mnistlab.store import aggregates, lookup, queue, table
from mnistlab.store.run import State
from mnistlab.store.store import Store
from mnistlab.store.worker_slots import process_of
from mnistlab.terminal.parser import get_run
from mnistlab.worker.processes import ensure_workers
from tests.store.example_runs import add_finished_run
from tests.ui.app_test import run
from tests.ui.test_pages import PAGES

SPEC, RECIPE = parse("4-p4-8-p8-gap-bn"), Recipe(epochs=4)
LATER = json.dumps({**json.loads(RECIPE.to_json()), "quantum": 1})
RUNS = (
    "state = 'asleep'",
    "state = x'ff'",
    "state = ''",
    "request = 'dance'",
    "recipe = 'no JSON'",
    "recipe = '[]'",
    "recipe = ''",
    "recipe = x'00'",
    "recipe = " + "'" + "[" * 90_000 + "'",
    f"recipe = '{LATER}'",
    "recipe = '{\"epochs\": -1}'",
    'recipe = \'{"split": "moon"}\'',
    "spec = 'quantum'",
    "spec = ''",
    "spec = 7",
    "spec = '8-p-p-p-p-p-p'",
    "spec = '" + "1024-" * 9 + "full'",
    "name = x'fffe'",
    "name = CAST(x'ff41' AS TEXT)",
    "owner = x'00'",
    "tags = x'00'",
    "notes = 5, message = x'00'",
    "created = 'yesterday'",
    "created = 1e300",
    "created = -1",
    "started = 'now', ended = x'00'",
    "ended = 9e999",
    "heartbeat = 'alive'",
    "parameters = 'many'",
    "parameters = -5",
    "parameters = 9e999",
    "epochs_done = 'some'",
    "epochs_done = 99",
    "epochs_done = 0",
    "seconds = 'long'",
    "seconds = -1",
    "best_epoch = 99",
    "best_epoch = NULL",
    "best_epoch = 'first'",
    "best_errors = 99999",
    "best_errors = 'none'",
    "best_count = NULL",
    "last_errors = -3",
    "last_count = x'00'",
    "test_errors = 5, test_count = 3",
    "test_count = 'all'",
    "progress = 'half'",
    "progress = '{\"epoch\": 1}'",
    "progress = '[1, 2]'",
    "state = 'running', slot = 'left', pid = 'me', heartbeat = 'x'",
    "state = 'running', request = 'dance', slot = 0, pid = -1",
    "state = 'running', slot = -7, pid = 0, epochs_done = 'x'",
    "state = 'queued', queue_position = 'front'",
    "state = 'queued', queue_position = x'00', recipe = 'no JSON'",
    "state = 'queued', epochs_done = 'x', request = 'dance'",
)
EPOCHS = (
    "DELETE FROM epochs WHERE number = 1 AND run = ?",
    "DELETE FROM epochs WHERE run = ?",
    "UPDATE epochs SET number = 9 WHERE number = 2 AND run = ?",
    "UPDATE epochs SET train_loss = 'low' WHERE run = ?",
    "UPDATE epochs SET train_loss = 9e999, learning_rate = x'00' WHERE run = ?",
    "UPDATE epochs SET validation_count = 0 WHERE run = ?",
    "UPDATE epochs SET validation_errors = 'x' WHERE run = ?",
    "UPDATE epochs SET seconds = 'x' WHERE run = ?",
)
DRAWINGS = (
    "label = 77",
    "label = 'seven'",
    "writer = x'ff'",
    "writer = CAST(x'ff41' AS TEXT)",
    "created = 'x'",
    "strokes = 'no JSON'",
    "strokes = '[[[1, 2], [3]]]'",
    "strokes = '[[[1, \"x\"]]]'",
    "strokes = x'00'",
    "strokes = " + "'" + "[" * 90_000 + "'",
    "stroke_hash = x'01'",
)


@pytest.fixture(scope="module")
def damaged_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one run and one drawing that are as they should be, the last ones, and every
    kind of damaged ones before them.
    """
    store = Store(tmp_path_factory.mktemp("damaged"))
    n_runs = len(RUNS) + len(EPOCHS)
    for _ in range(n_runs + 1):
        add_finished_run(store, SPEC, RECIPE, [90, 80, 70, 60], test=Score(50, 10_000))
    for number in range(len(DRAWINGS) + 1):
        collection.save(store, validate(number % 10, "Ada", [[[0, number], [9, 5]]]))
    with sqlite3.connect(store.database.file) as db:
        for run_id, change in enumerate(RUNS, 1):
            db.execute(f"UPDATE runs SET {change} WHERE id = ?", (run_id,))
        for run_id, statement in enumerate(EPOCHS, len(RUNS) + 1):
            db.execute(statement, (run_id,))
        for drawing_id, change in enumerate(DRAWINGS, 1):
            db.execute(f"UPDATE drawings SET {change} WHERE id = ?", (drawing_id,))
        db.execute("INSERT INTO worker_starts VALUES (0, 'soon'), (-1, 'soon')")
    db.close()
    return store.folder


@pytest.fixture
def damaged(store: Store, damaged_folder: Path) -> Store:
    shutil.copytree(damaged_folder, store.folder)
    return store


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_with_every_kind_of_damaged_row(damaged: Store, page: str) -> None:
    good = len(RUNS) + len(EPOCHS) + 1
    at = run(page)
    assert not at.error, [error.value for error in at.error]
    if page == "pages/runs.py":
        assert f"table_{good}_" in str([each.proto for each in at.get("bidi_component")])
        for sort in ("Val. (best)", "State", "Test"):
            run(page, sort=sort)


@pytest.mark.parametrize(("page", "every"), [("run", 1), ("train", 9), ("compare", 9)])
def test_a_damaged_run_in_the_address_is_named(damaged: Store, page: str, every: int) -> None:
    for run_id in range(1, len(RUNS) + len(EPOCHS) + 1, every):
        at = run(f"pages/{page}.py", run=str(run_id))
        shown = [each.value for each in (*at.warning, *at.error)]
        is_readable = not lookup.why_unreadable(damaged, [run_id])
        assert is_readable or any(f"Run {run_id} cannot be read" in each for each in shown)


def test_the_table_names_the_rows_that_cannot_be_read_and_moves_them_to_the_trash(
    damaged: Store,
) -> None:
    found = table.table(damaged, table.Query(size=1000))
    assert len(found.rows) + len(found.unreadable) == found.total == len(RUNS) + len(EPOCHS) + 1
    assert len(found.unreadable) > 40
    at = run("pages/runs.py", search="finished")
    button = [each for each in at.button if each.label == "Trash unreadable runs"]
    assert at.warning and button
    before = found.total
    button[0].click().run()
    assert not at.exception and table.table(damaged, table.Query()).total < before


def test_a_worker_fails_a_queued_run_that_cannot_be_read_and_takes_the_next(
    damaged: Store,
) -> None:
    waiting = damaged.add("waiting", SPEC, RECIPE)
    claimed = []
    while one := damaged.claim():
        claimed.append(one.id)
        damaged.finish(one.id, State.STOPPED, "")
    assert waiting in claimed
    failed = RUNS.index("state = 'queued', queue_position = x'00', recipe = 'no JSON'") + 1
    with damaged.database.reading() as db:
        row = db.execute("SELECT state, message FROM runs WHERE id = ?", (failed,)).fetchone()
    assert row["state"] == "failed" and "cannot be read" in row["message"]


def test_what_reads_many_rows_reads_the_others(
    damaged: Store, lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = len(RUNS) + len(EPOCHS) + 1
    assert good in [one.id for one in lookup.find_runs(damaged, SPEC, lambda recipe: True)]
    assert all(one.accuracy <= 1 for one in table.scatter_points(damaged, table.Query()))
    assert aggregates.count_test_set_use(damaged).n_final >= 1
    aggregates.plateaus(damaged, 2, 100)
    queue.recent_runs(damaged)
    for run_id in (1, good):
        queue.move(damaged, run_id, 1)
        queue.run_next(damaged, run_id)
    assert process_of(damaged, good) is None
    from mnistlab.home import Home

    ensure_workers(Home(lab))
    assert len(collection.export(damaged)) >= 1
    with pytest.raises(LabError, match="Run 1 cannot be read"):
        get_run(damaged, 1)
