"""Each kind of SQLite error, raised for real, and its message."""

import ast
import errno
import os
import sqlite3
from pathlib import Path

import pytest

from mnistlab.arch.presets import PRESETS
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.database.errors import REMEDIES, Cause, StoreError, cause, store_error
from mnistlab.store.store import Store
from mnistlab.worker.lock import lock

ROOT = Path(__file__).parents[2] / "mnistlab"
LOCK = ROOT / "worker" / "lock.py"
"""SQLite's lock on a file of its own; no other module outside the store may see SQLite."""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "runs")
    store.add("", PRESETS[3].spec, Recipe())
    return store


def caught(store: Store, statement: str) -> StoreError:
    with pytest.raises(StoreError) as found, store.database.writing(patience=0.05) as db:
        db.execute(statement)
    return found.value


def test_a_locked_store_is_busy_not_damaged(store: Store) -> None:
    with sqlite3.connect(store.database.file, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        error = caught(store, "DELETE FROM runs")
        other.execute("ROLLBACK")
    assert error.cause is Cause.BUSY and "away" not in str(error)


def test_a_full_file_is_a_full_disk(store: Store) -> None:
    with pytest.raises(StoreError) as found, store.database.writing() as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages}")
        db.execute("UPDATE runs SET notes = ?", ("x" * 1_000_000,))
    assert found.value.cause is Cause.FULL and "away" not in str(found.value)


@pytest.mark.parametrize("damage", ["no database", "torn"])
def test_a_damaged_file_may_be_moved_away(store: Store, damage: str) -> None:
    file = store.database.file
    whole = bytearray(file.read_bytes())
    if damage == "torn":
        whole[100:] = b"\xff" * (len(whole) - 100)
    else:
        whole = bytearray(b"no database at all" * 500)
    for path in store.folder.glob("store.sqlite*"):
        path.unlink()
    file.write_bytes(whole)
    with pytest.raises(StoreError, match="away") as found:
        store.run(1)
    assert found.value.cause is Cause.DAMAGED and str(file) in str(found.value)


def test_a_file_in_place_of_the_folder_is_unreachable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    (tmp_path / "file").write_text("in the way")
    (tmp_path / "held.lock").mkdir()
    with pytest.raises(StoreError) as found:
        Store(tmp_path / "file").add("", PRESETS[3].spec, Recipe())
    assert found.value.cause is Cause.UNREACHABLE
    with pytest.raises(StoreError) as found, lock(tmp_path, "held"):
        pass
    assert found.value.cause is Cause.UNREACHABLE
    with monkeypatch.context() as denied:
        denied.setattr(Path, "exists", refused)
        with pytest.raises(StoreError) as found:
            Store(tmp_path / "closed").run(1)
    assert found.value.cause is Cause.UNREACHABLE
    assert cause(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))) is Cause.FULL


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT nothing FROM runs",
        "nonsense",
        "INSERT INTO runs (id) VALUES (1)",
        "SELECT ?",
        "SELECT 1; SELECT 2",
    ],
)
def test_a_bug_gives_no_advice_about_files(store: Store, statement: str) -> None:
    error = caught(store, statement)
    assert error.cause is Cause.BUG
    assert store.database.file.name not in str(error) and "away" not in str(error)
    assert isinstance(error.__cause__, sqlite3.Error), "the log gets the whole story"


def test_a_closed_connection_is_a_bug(tmp_path: Path) -> None:
    db = sqlite3.connect(":memory:")
    db.close()
    with pytest.raises(sqlite3.Error) as found:
        db.execute("SELECT 1")
    assert store_error(tmp_path, found.value).cause is Cause.BUG


def test_every_cause_has_its_own_sentence() -> None:
    assert set(REMEDIES) == set(Cause) - {Cause.BUG}
    assert len(set(REMEDIES.values())) == len(REMEDIES)


def test_only_the_store_s_modules_see_sqlite() -> None:
    for path in ROOT.rglob("*.py"):
        if ROOT / "store" in path.parents or path == LOCK:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                assert "sqlite3" not in [alias.name for alias in node.names], path
            elif isinstance(node, ast.ImportFrom):
                assert node.module not in ("sqlite3", "mnistlab.store.rows"), path
            elif isinstance(node, ast.Attribute):
                assert node.attr != "database", path
