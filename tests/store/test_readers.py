"""Connections that are kept for a moment: what they must not hide."""

import shutil
import sqlite3
import threading
from pathlib import Path

import pytest

from mnistlab.arch.spec import parse
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.database import readers
from mnistlab.store.database.errors import StoreError
from mnistlab.store.database.readers import READERS, Readers, identity
from mnistlab.store.store import Store

SMALL = parse("4-p4-8-p8-gap-bn")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "runs")
    store.add("first", SMALL, Recipe())
    return store


def names(store: Store) -> list[str]:
    return [run.name for run in store.queue()]


def test_what_others_write_is_seen(store: Store) -> None:
    assert names(store) == ["first"]
    thread = threading.Thread(target=lambda: Store(store.folder).add("second", SMALL, Recipe()))
    thread.start()
    thread.join()
    assert names(store) == ["first", "second"]


def test_a_replaced_file_is_read_anew(store: Store, tmp_path: Path) -> None:
    other = Store(tmp_path / "other")
    other.add("of another store", SMALL, Recipe())
    assert names(store) == ["first"]
    READERS.close()
    names(store)
    other.database.file.replace(store.database.file)
    for end in ("-wal", "-shm"):
        store.database.file.with_name(f"store.sqlite{end}").unlink(missing_ok=True)
    assert names(store) == ["of another store"]


def test_a_removed_store_is_empty(store: Store) -> None:
    assert names(store) == ["first"]
    shutil.rmtree(store.folder)
    assert names(store) == []


def test_nothing_is_kept_after_an_error(store: Store) -> None:
    READERS.close()
    with pytest.raises(StoreError), store.database.reading() as db:
        db.execute("SELECT nonsense")
    assert READERS.take(store.database.file) is None
    names(store)
    again = READERS.take(store.database.file)
    assert again is not None and not again.in_transaction
    again.close()


def test_an_idle_server_has_the_file_alone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log is emptied into the file, which can then be copied by itself."""
    monkeypatch.setattr(readers, "KEPT_SECONDS", 0.01)
    kept, file = Readers(), store.database.file
    READERS.close()
    kept.give(file, identity(file), sqlite3.connect(file, check_same_thread=False))
    while kept._kept:
        threading.Event().wait(0.01)
    assert not file.with_name("store.sqlite-wal").exists()


def test_no_more_than_a_few_are_kept(store: Store, tmp_path: Path) -> None:
    kept = Readers()
    for number in range(readers.MAX_KEPT + 3):
        file = tmp_path / f"{number}.sqlite"
        db = sqlite3.connect(file, check_same_thread=False)
        db.execute("CREATE TABLE x (y)")
        kept.give(file, identity(file), db)
    assert len(kept._kept) == readers.MAX_KEPT
    assert kept.take(tmp_path / "0.sqlite") is None
    kept.close()
