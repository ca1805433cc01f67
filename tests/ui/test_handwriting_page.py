"""The Handwriting page by AppTest: drawings imported, scored, filtered, deleted, renamed."""

import gzip
import os
import re
from collections import Counter
from collections.abc import Sequence
from html import unescape
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Multiselect

from mnistlab import zoo
from mnistlab.drawing.digit import PreparedDigit
from mnistlab.handwriting import collection, scoring
from mnistlab.handwriting.collection import StoredDrawing
from mnistlab.handwriting.drawings import LabeledDrawing, to_json, validate
from mnistlab.store import drawings as drawing_table
from mnistlab.store.database.errors import StoreError
from mnistlab.store.store import Store
from mnistlab.ui.common import checkpoints
from mnistlab.ui.common.caching import LruCache
from mnistlab.ui.handwriting import cached_predictions, gallery
from mnistlab.ui.handwriting.gallery import Filters
from tests.drawn_digits import DIGITS
from tests.ui.app_test import body, run, settled


@pytest.fixture
def store(lab: Path) -> Store:
    return Store(lab / "runs")


def drawing(
    label: int, writer: str = "Ada", shift: float = 0, real: int | None = None
) -> LabeledDrawing:
    """A digit; another shift is another drawing of it, another `real` a wrong label."""
    strokes = DIGITS[label if real is None else real]
    return validate(label, writer, [[[x + shift, y] for x, y in stroke] for stroke in strokes])


def page(store: Store, drawings: Sequence[LabeledDrawing] = ()) -> AppTest:
    if drawings:
        collection.save_all(store, drawings)
    return run("pages/handwriting.py")


def text_of(at: AppTest) -> str:
    return unescape(body(at)).replace("\N{NO-BREAK SPACE}", " ")


def lines(at: AppTest) -> list[list[str]]:
    """The score table's cells, line by line."""
    found = re.findall(r"<tr.*?</tr>", text_of(at))
    return [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", line) for line in found]


def shown(at: AppTest) -> list[str]:
    """The title of each card on the page, in order."""
    return re.findall(r"<figcaption><b>(.*?)</b>", text_of(at))


def press(at: AppTest, label: str) -> AppTest:
    next(button for button in at.button if button.label == label).click()
    return settled(at)


def import_files(at: AppTest, *files: tuple[str, bytes]) -> AppTest:
    uploader = next(each for each in at.file_uploader if each.label.startswith("JSON files"))
    uploader.set_value([(name, content, "application/json") for name, content in files])
    return press(settled(at), "Import")


def test_an_empty_test_set_names_the_next_step(store: Store) -> None:
    at = page(store)
    assert "lab-empty" in body(at) and not at.multiselect and not at.checkbox
    assert not store.database.file.exists()


def test_drawings_are_imported_and_scored_by_writer_and_in_total(store: Store) -> None:
    ada = [drawing(digit) for digit in DIGITS]
    ben = [drawing(digit, "Zoë <b>", 0.5) for digit in (1, 7)]
    content = gzip.compress(to_json([*ada, *ben, drawing(5, "Zoë <b>", 0.5, real=8)]).encode())
    at = import_files(page(store), ("class.json.gz", content))
    assert "13" in text_of(at) and len(collection.listed(store)) == 13
    head, first, second, total = lines(at)
    assert head[2].startswith("Sketch") and first[:2] == ["Ada", "10"]
    assert "100.0%" in first[2] and "(0 errors" in first[2]
    assert second[:2] == ["Zoë <b>", "3"] and "66.7%" in second[2] and "(1 error;" in second[2]
    assert total[1] == "13" and "92.3%" in total[2]
    assert re.search(r"Sketch: 99\.5% are correct at \d+\.\d% coverage\.", text_of(at))
    assert "Zoë <b>" not in body(at), "user input is escaped"
    assert shown(at)[0] == "5 predicted as 8" and len(shown(at)) == 13, "misclassified ones first"
    assert body(at).count('lab-card lab-wrong"') == 1
    import_files(at, ("class.json.gz", content))
    assert len(collection.listed(store)) == 13 and "skipped 13 duplicates" in text_of(at)


def checkpoint_box(at: AppTest) -> "Multiselect[str]":
    return next(box for box in at.multiselect if box.label == "Checkpoints")


def test_several_checkpoints_are_columns(store: Store) -> None:
    at = page(store, [drawing(digit) for digit in DIGITS])
    expected = [str(zoo.checkpoint(name)) for name in ("smallest", "target-4")]
    checkpoint_box(at).set_value(expected)
    head, _, total = lines(settled(at))
    assert [cell.split()[0] for cell in head[2:]] == ["Smallest", "Target"]
    assert all("of" not in cell and "error" in cell for cell in total[2:])
    assert text_of(at).count("are correct at 100.0% coverage.") == 2
    checkpoint_box(at).set_value([])
    assert lines(settled(at))[0][2].startswith("Sketch"), "the default checkpoint"


def test_predictions_are_computed_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    many = [drawing(digit, shift=0.001 * (digit + 1)) for digit in DIGITS]
    at = page(store, many[:9])
    before = lines(at)[-1]
    with monkeypatch.context() as patch:
        patch.setattr(scoring, "digit_from_strokes", lambda *_, **__: pytest.fail("again"))
        assert lines(settled(at))[-1] == before
    collection.save_all(store, many)
    assert lines(settled(at))[-1][1] == "10"


def test_only_so_many_drawings_are_classified_at_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cached_predictions, "NEWEST", 3)
    monkeypatch.setattr(cached_predictions, "MORE", 4)
    classified: list[str] = []

    def counted(drawing: LabeledDrawing) -> PreparedDigit | None:
        classified.append(drawing.stroke_hash)
        return scoring.prepare(drawing)

    monkeypatch.setattr(cached_predictions, "prepare", counted)
    many = [drawing(digit, shift=0.003 * (digit + 1)) for digit in DIGITS]
    monkeypatch.setattr(cached_predictions, "inputs", lambda store, hashes: {})
    at = page(store, many)
    newest = [each.stroke_hash for each in reversed(many)]
    assert "Scored on the newest 3 drawings of 10." in text_of(at)
    assert lines(at)[-1][1] == "10" and sorted(classified) == sorted(newest[:3])
    settled(at)
    assert len(classified) == 3, "nobody has asked for more"
    press(at, "Score more")
    assert "Scored on the newest 7 drawings of 10." in text_of(at)
    assert sorted(classified) == sorted(newest[:7])
    assert "Scored on the newest 3 drawings of 10." in text_of(page(store)), "another session"
    press(at, "Score more")
    assert "Scored on" not in text_of(at) and "(0 errors" in lines(at)[-1][2]
    assert sorted(classified) == sorted(newest), "each once"


def test_a_page_reads_no_more_rows_than_it_scores_and_shows(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cached_predictions, "NEWEST", 8)
    monkeypatch.setattr(gallery, "PAGE_SIZE", 5)
    n_read = [0]
    make = drawing_table.StoredDrawing

    def counted(*row: object) -> StoredDrawing:
        n_read[-1] += 1
        return make(*row)  # type: ignore[arg-type]

    monkeypatch.setattr(drawing_table, "StoredDrawing", counted)
    # The newest of all is misclassified, so it is the first one shown; the writers take turns.
    many = [drawing(n % 10, "Ada" if n % 3 else "Ben", 0.004 * (n + 1)) for n in range(41)]
    collection.save_all(store, [*many, drawing(1, "Ben", 0.5, real=6)])
    for writer, n_pages in ((None, 9), ("Ben", 3)):
        at, found = run("pages/handwriting.py"), []
        at.session_state["filter_writer"] = [writer] if writer else []
        for number in range(1, n_pages + 1):
            at.session_state[f"page_{Filters(writer, None, False)}"] = number
            n_read.append(0)
            settled(at)
            assert n_read[-1] <= 8 + 5
            found += [int(box.label[1:]) for box in at.checkbox]
        every = [each.id for each in collection.listed(store, writer)]
        assert found == every


def age(store: Store, seconds: float) -> None:
    """Set the store's modification time to so many seconds ago."""
    changed = store.now() - seconds
    os.utime(store.database.file, (changed, changed))


def test_a_rerun_reads_the_drawings_again_only_after_a_change(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = page(store, [drawing(1), drawing(2)])
    age(store, 60)
    settled(at)
    with monkeypatch.context() as patch:
        for name in ("listed", "counts", "load_drawings"):
            patch.setattr(collection, name, lambda *_, **__: pytest.fail("read again"))
        assert len(shown(settled(at))) == 2
    collection.save(store, drawing(1, "Ben"))
    assert [line[0] for line in lines(settled(at))[1:]] == ["Ada", "Ben", "All"]


def test_a_change_within_one_tick_of_the_clock_is_detected(store: Store) -> None:
    at = page(store, [drawing(1), drawing(2)])
    # However slow the machine is: written not yet a tick ago.
    age(store, -3600)
    before = store.database.file.stat()
    settled(at)
    # As many bytes as before, and no later.
    collection.save(store, drawing(1, "Ben"))
    os.utime(store.database.file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert store.database.file.stat().st_size == before.st_size
    assert "Ben" in [line[0] for line in lines(settled(at))]


def test_the_caches_are_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures: LruCache[str, object] = LruCache(5)
    monkeypatch.setattr(cached_predictions, "_INPUTS", pictures)
    many = [drawing(digit, shift=0.002 * (digit + 1)) for digit in DIGITS]
    at = page(store, many)
    assert len(pictures) == 5 and body(at).count("<figcaption>") == 10
    key = zoo.default_checkpoint(), checkpoints.modified(zoo.default_checkpoint())
    assert len(cached_predictions._PREDICTIONS.get(key) or ()) == 10
    collection.delete(store, [1, 2, 3])
    assert len(shown(settled(at))) == 7
    assert len(cached_predictions._PREDICTIONS.get(key) or ()) == 7, (
        "predictions of deleted drawings are dropped"
    )


@pytest.mark.parametrize("name", ["sketch", "target-4"])
def test_a_damaged_checkpoint_is_an_error_and_the_drawings_stay(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    content = zoo.default_checkpoint().read_bytes()
    (tmp_path / f"{name}.safetensors").write_bytes(content[:-1000])
    monkeypatch.setattr(zoo, "FOLDER", tmp_path)
    at = page(store, [drawing(3)])
    assert f"{name}.safetensors" in at.error[0].value and shown(at) == ["3"]
    assert lines(at)[-1] == ["All", "1"]


def test_writer_label_and_misclassified_filter_the_drawings(store: Store) -> None:
    wrong = drawing(1, "Ben", 0.5, real=6)
    at = page(store, [*(drawing(digit) for digit in DIGITS), drawing(3, "Ben", 0.5), wrong])
    assert len(shown(at)) == 12
    at.selectbox(key="filter_writer").set_value(["Ben"])
    assert shown(settled(at)) == ["1 predicted as 6", "3"]
    at.toggle(key="filter_misclassified").set_value(True)
    assert shown(settled(at)) == ["1 predicted as 6"]
    at.selectbox(key="filter_label").set_value("3")
    assert shown(settled(at)) == [] and "lab-empty" in body(at)
    at.toggle(key="filter_misclassified").set_value(False)
    at.selectbox(key="filter_writer").set_value([])
    assert shown(settled(at)) == ["3", "3"]


def test_selected_drawings_are_deleted_and_restored(store: Store) -> None:
    at = page(store, [drawing(digit) for digit in DIGITS])
    before = collection.listed(store)
    assert at.button(key="delete").disabled
    for number in (4, 7):
        at.checkbox(key=f"select{number}").check()
    settled(at).button(key="delete").click()
    assert len(shown(settled(at))) == 8 and not at.checkbox(key="select5").value
    assert [kept.id for kept in collection.listed(store)] == [10, 9, 8, 6, 5, 3, 2, 1]
    press(at, "Undo")
    assert collection.listed(store) == before and len(shown(at)) == 10
    assert not any(button.label == "Undo" for button in at.button)


def test_deleting_the_last_drawing_of_the_selected_writer_shows_all_writers(store: Store) -> None:
    at = page(store, [drawing(1), drawing(2, "Ben")])
    at.selectbox(key="filter_writer").set_value(["Ben"])
    settled(at).checkbox(key="select2").check()
    settled(at).button(key="delete").click()
    assert shown(settled(at)) == ["1"]
    at.checkbox(key="select1").check()
    settled(at).button(key="delete").click()
    assert "lab-empty" in body(settled(at))
    press(at, "Undo")
    assert collection.counts(store) == {"Ada": Counter({1: 1})}


def test_a_writer_is_renamed(store: Store) -> None:
    at = page(store, [drawing(1), drawing(2, "Ben"), drawing(3, "")])
    for old, new, writers in (
        ("Ben", "Ada", ["", "Ada"]),
        ("", "Cy", ["Ada", "Cy"]),
        ("Cy", "  ", ["Ada", "Cy"]),
    ):
        next(box for box in at.selectbox if box.label == "Writer" and box.key is None).set_value(
            old
        )
        next(text for text in at.text_input if text.label == "New name").set_value(new)
        press(at, "Rename")
        assert [*collection.counts(store)] == writers


def test_many_drawings_come_in_pages(store: Store) -> None:
    at = page(store, [drawing(digit, "Ada", shift) for digit in DIGITS for shift in (0, 1, 2, 3)])
    first = {box.label for box in at.checkbox}
    assert 0 < len(first) < 40
    key = f"page_{Filters(None, None, False)}"
    at.session_state[key] = 2
    second = {box.label for box in settled(at).checkbox}
    assert not first & second and len(first | second) == 40
    for box in at.checkbox:
        box.check()
    settled(at).button(key="delete").click()
    assert {box.label for box in settled(at).checkbox} == first, "the last page was removed"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no JSON",
        b"[" * 100_000,
        b'[{"label": 1, "strokes": [[[NaN, 1]]]}]',
        b'[{"label": 1, "strokes": [[' + b"[1,2]," * 1_000_000 + b"[1,2]]]}]",
        b'[{"label": "<b>", "strokes": [[[1, 2]]]}]',
    ],
    ids=lambda content: repr(content[:20]),
)
def test_bad_input_is_an_error_and_nothing_is_lost(store: Store, content: bytes) -> None:
    at = page(store, [drawing(1), drawing(4)])
    good = to_json([drawing(9)]).encode()
    at = import_files(at, ("bad.json", content), ("good.json", good))
    assert len(at.error) == 1 and "bad.json" in at.error[0].value
    assert len(at.error[0].value) < 500
    assert collection.counts(store) == {"Ada": Counter({1: 1, 4: 1, 9: 1})}
    assert not settled(at).error


def test_a_damaged_store_is_an_error(store: Store) -> None:
    store.folder.mkdir()
    store.database.file.write_bytes(b"no database" * 1000)
    assert "store.sqlite" in page(store).error[0].value


def test_a_store_that_fails_while_drawings_are_compared_is_an_error(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StoreError("The store is busy. Try again.")

    monkeypatch.setattr(collection, "load_drawings", fail)
    at = page(store, [drawing(1, shift=7.0)])
    assert not at.exception and [error.value for error in at.error] == [
        "The store is busy. Try again."
    ]
    assert any(each.label == "Import drawings" for each in at.expander), "the page goes on"
