"""Drawings in the store: each is there once, and nothing that is taken back is lost."""

import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from mnistlab.handwriting import collection
from mnistlab.handwriting.collection import StoredDrawing
from mnistlab.handwriting.drawings import LabeledDrawing, from_json, to_json, validate
from mnistlab.store.database.errors import StoreError
from mnistlab.store.store import Store
from tests.drawn_digits import DIGITS

ROOT = Path(__file__).parents[2]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs", clock=lambda: 1234.5)


def drawn(label: int, writer: str = "Ada", shift: float = 0) -> LabeledDrawing:
    """A digit; another shift is another drawing of it."""
    return validate(label, writer, [[[x + shift, y] for x, y in s] for s in DIGITS[label]])


def stored_labels(store: Store) -> list[tuple[int, str]]:
    return [(kept.label, kept.writer) for kept in collection.listed(store)]


def test_an_empty_store_is_read_without_making_a_file(store: Store) -> None:
    assert collection.listed(store) == [] and collection.counts(store) == {}
    assert collection.export(store) == [] and collection.load_drawings(store, ["a"]) == {}
    assert not store.database.file.exists()


def test_a_drawing_is_loaded_as_it_was_saved(store: Store) -> None:
    first = drawn(3, "Zoë <b>")
    kept = collection.save(store, first).drawing
    assert kept == StoredDrawing(1, 1234.5, "Zoë <b>", 3, first.stroke_hash)
    assert collection.listed(store) == [kept] and collection.export(store) == [first]
    assert collection.load_drawings(store, [first.stroke_hash, "unknown"]) == {
        first.stroke_hash: first
    }
    mixed = validate(4, "", [[[1, 2.0], [3.25, -0.0]]])
    collection.save(store, mixed)
    assert (
        collection.load_drawings(store, [mixed.stroke_hash])[mixed.stroke_hash].stroke_hash
        == mixed.stroke_hash
    )


def test_the_same_drawing_is_relabeled_not_saved_twice(store: Store) -> None:
    first = collection.save(store, drawn(1))
    second = collection.save(store, LabeledDrawing(7, "Ben", drawn(1).strokes))
    assert first.previous is None and second.previous == first.drawing
    assert second.drawing.id == first.drawing.id and stored_labels(store) == [(7, "Ben")]
    collection.undo(store, second)
    assert stored_labels(store) == [(1, "Ada")]
    collection.undo(store, first)
    assert stored_labels(store) == []


def test_an_import_duplicates_nothing_and_overwrites_nothing(store: Store) -> None:
    many = [drawn(label, writer, shift) for label in (3, 8) for writer in "ab" for shift in (0, 1)]
    many = [validate(d.label, d.writer, [*d.strokes, [[0, n]]]) for n, d in enumerate(many)]
    assert collection.save_all(store, many) == 8
    assert collection.save_all(store, from_json(to_json(many).encode())) == 0
    collection.save(store, LabeledDrawing(5, "c", many[0].strokes))
    assert collection.rename(store, "b", " d\n") == 4
    assert collection.save_all(store, [*many, drawn(9)]) == 1
    assert collection.counts(store) == {
        "a": Counter({3: 1, 8: 2}),
        "Ada": Counter({9: 1}),
        "c": Counter({5: 1}),
        "d": Counter({3: 2, 8: 2}),
    }
    assert collection.counts(store, "a") == {"a": Counter({3: 1, 8: 2})}
    assert collection.counts(store, "x") == {}
    assert len(collection.export(store)) == 9
    assert [one.label for one in collection.export(store, "d")] == [3, 3, 8, 8]


def test_many_are_saved_together_or_not_at_all(store: Store) -> None:
    class Broken(LabeledDrawing):
        @property
        def stroke_hash(self) -> str:
            raise KeyError

    with pytest.raises(KeyError):
        collection.save_all(store, [drawn(1), Broken(2, "", drawn(2).strokes)])
    assert collection.listed(store) == []


def test_newest_first_by_writer_by_label_and_in_pages(store: Store) -> None:
    for number in range(10):
        collection.save(store, drawn(number % 2, "ab"[number % 3 == 0], number))
    ids = [kept.id for kept in collection.listed(store)]
    assert ids == sorted(ids, reverse=True) and len(ids) == 10
    assert [kept.id for kept in collection.listed(store, limit=3, offset=4)] == ids[4:7]
    assert [kept.id for kept in collection.listed(store, limit=3, before=ids[3])] == ids[4:7]
    found = collection.listed(store, writer="b", label=1)
    assert found and {(kept.writer, kept.label) for kept in found} == {("b", 1)}
    assert len(collection.listed(store, label=0)) == 5 and not collection.listed(store, writer="x")


def test_a_deleted_drawing_is_restored_unchanged(store: Store) -> None:
    for digit in DIGITS:
        collection.save(store, drawn(digit))
    before, exported = collection.listed(store), collection.export(store)
    rows = collection.delete(store, [before[0].id, before[4].id, 999])
    assert len(rows) == 2 and collection.listed(store) == [*before[1:4], *before[5:]]
    assert collection.save(store, drawn(9)).drawing.id not in [kept.id for kept in before]
    assert collection.restore(store, rows) == 1, "one was drawn anew"
    assert {kept.stroke_hash for kept in collection.listed(store)} == {
        kept.stroke_hash for kept in before
    }
    assert sorted(collection.export(store), key=lambda one: one.label) == exported
    assert len(collection.delete(store, range(100_000))) == 10, "more than SQLite takes values"


def test_a_damaged_store_is_an_error(store: Store) -> None:
    store.folder.mkdir()
    store.database.file.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match="cannot be used"):
        collection.save(store, drawn(1))
    with pytest.raises(StoreError, match="cannot be used"):
        collection.listed(store)


def test_a_process_killed_while_it_saves_keeps_none_of_a_form(tmp_path: Path) -> None:
    code = """
import os, signal, sys
from pathlib import Path
from mnistlab.handwriting import collection
from mnistlab.handwriting.drawings import LabeledDrawing, validate
from mnistlab.store.store import Store

class Last(LabeledDrawing):
    @property
    def stroke_hash(self):
        os.kill(os.getpid(), signal.SIGKILL)

digits = [validate(n % 10, "Ada", [[[n, 1], [2, 3]]]) for n in range(99)]
collection.save_all(Store(Path(sys.argv[1])), [*digits, Last(9, "Ada", digits[0].strokes)])
"""
    store = Store(tmp_path / "runs")
    collection.save(store, drawn(1))
    process = subprocess.run([sys.executable, "-c", code, str(store.folder)], check=False, cwd=ROOT)
    assert process.returncode == -signal.SIGKILL
    assert collection.counts(store) == {"Ada": Counter({1: 1})}
