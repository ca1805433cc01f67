"""A migrated store equals a new one."""

import sqlite3
from pathlib import Path

import pytest

from mnistlab.arch.presets import PRESETS
from mnistlab.data.options import Split
from mnistlab.recipe.recipe import Recipe
from mnistlab.stats.score import Score
from mnistlab.store.database import connection, migrations
from mnistlab.store.database.connection import VERSION
from mnistlab.store.database.errors import StoreError
from mnistlab.store.run import State
from mnistlab.store.store import Store
from tests.store.example_runs import epoch

FIRST = """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    spec TEXT NOT NULL,
    recipe TEXT NOT NULL,
    state TEXT NOT NULL,
    created REAL NOT NULL,
    started REAL,
    ended REAL,
    message TEXT NOT NULL DEFAULT '',
    progress TEXT,
    test TEXT,
    stop_requested INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX runs_by_state ON runs (state, id);
CREATE TABLE epochs (
    run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    train_loss REAL NOT NULL,
    train_accuracy REAL NOT NULL,
    validation_loss REAL NOT NULL,
    validation_errors INTEGER NOT NULL,
    validation_count INTEGER NOT NULL,
    learning_rate REAL NOT NULL,
    seconds REAL NOT NULL,
    images_per_second REAL NOT NULL,
    PRIMARY KEY (run, number)
) WITHOUT ROWID;
PRAGMA user_version = 1;
"""
"""What version 1 was: written down here once more, so that nobody changes it by accident."""
RECIPE = Recipe(epochs=3)
RUNS = [
    (PRESETS[3].spec, RECIPE, State.DONE, [70, 60, 65], Score(61, 10_000)),
    (PRESETS[2].spec, Recipe(epochs=2, split=Split.ALL), State.DONE, [80, 90], Score(88, 10_000)),
    (PRESETS[1].spec, RECIPE, State.QUEUED, [], None),
    (PRESETS[1].spec, RECIPE, State.RUNNING, [99], None),
]


def old(folder: Path) -> Store:
    """A store as version 1 wrote it."""
    store = Store(folder)
    folder.mkdir()
    with sqlite3.connect(store.database.file) as db:
        db.executescript(FIRST)
        for spec, recipe, state, errors, test in RUNS:
            text = test and f'{{"errors": {test.errors}, "count": {test.count}}}'
            row = db.execute(
                "INSERT INTO runs (name, spec, recipe, state, created, test) "
                "VALUES ('run', ?, ?, ?, 1, ?)",
                (str(spec), recipe.to_json(), state, text),
            )
            for number, wrong in enumerate(errors, 1):
                values = (row.lastrowid, *vars(epoch(number, wrong)).values())
                db.execute(f"INSERT INTO epochs VALUES ({', '.join('?' * 10)})", values)
    db.close()
    return store


def new(folder: Path) -> Store:
    """The same runs, written by today's store."""
    store = Store(folder, clock=lambda: 1.0)
    for spec, recipe, state, errors, test in RUNS:
        run_id = store.add("run", spec, recipe)
        if state is not State.QUEUED:
            while (run := store.claim()) and run.id != run_id:
                pass
            with store.database.writing() as db:  # what version 1 did not know
                db.execute("UPDATE runs SET started = NULL, heartbeat = NULL, message = ''")
        store.replace_epochs(
            run_id, [epoch(number, wrong) for number, wrong in enumerate(errors, 1)]
        )
        if state is State.DONE:
            store.finish(run_id, state, "", test)
    with store.database.writing() as db:
        # The third run was claimed on the way to the fourth.
        db.execute(
            "UPDATE runs SET state = 'queued', queue_position = id, slot = NULL WHERE id = 3"
        )
        db.execute("UPDATE runs SET ended = NULL, started = NULL, heartbeat = NULL, message = ''")
    return store


def content(store: Store) -> dict[str, list[tuple[object, ...]]]:
    with store.database.reading() as db:
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        return {
            name: [tuple(row) for row in db.execute(f"SELECT * FROM {name}")] for name in tables
        }


def schema(store: Store) -> list[str]:
    with store.database.reading() as db:
        rows = db.execute("SELECT sql FROM sqlite_master WHERE sql != '' ORDER BY name")
        assert db.execute("PRAGMA user_version").fetchone()[0] == VERSION
        return [row["sql"] for row in rows]


def test_a_store_of_version_1_becomes_the_one_that_today_s_code_writes(tmp_path: Path) -> None:
    before, fresh = old(tmp_path / "old"), new(tmp_path / "new")
    assert schema(before) == schema(fresh)
    assert content(before) == content(fresh)
    run = before.run(1)
    assert run and run.parameters == 12_874 and (run.best_epoch, run.test) == (2, RUNS[0][4])


def test_a_migration_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = old(tmp_path / "old")
    with sqlite3.connect(store.database.file) as db:
        before = list(db.iterdump())
    db.close()

    def fails(db: sqlite3.Connection) -> None:
        raise RuntimeError("in the middle")

    monkeypatch.setattr(connection, "recompute", fails)
    with pytest.raises(RuntimeError, match="in the middle"):
        store.run(1)
    with sqlite3.connect(store.database.file) as db:
        assert list(db.iterdump()) == before
    db.close()


def test_a_row_that_cannot_be_read_does_not_stop_a_migration(tmp_path: Path) -> None:
    store = old(tmp_path / "old")
    with sqlite3.connect(store.database.file) as db:
        db.execute("UPDATE runs SET spec = 'nonsense' WHERE id = 4")
        db.execute("UPDATE runs SET recipe = 'no JSON' WHERE id = 3")
    db.close()
    assert [run.id for run in store.runs([1, 2, 3, 4])] == [1, 2]
    with pytest.raises(StoreError, match=r"Run 4 cannot be read \(Unknown layer “nonsense”"):
        store.run(4)


def test_the_migrations_are_text_alone() -> None:
    names = {name: value for name, value in vars(migrations).items() if not name.startswith("__")}
    assert all(isinstance(value, str | tuple) for value in names.values()), "nothing is imported"
    source = Path(migrations.__file__).read_text("utf-8")
    assert "import" not in source and 'f"""' not in source
    assert FIRST.split("PRAGMA")[0] == migrations.VERSION_1
