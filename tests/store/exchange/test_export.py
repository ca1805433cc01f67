"""Exports: numbers keep all digits, no cell is a formula, TensorBoard reads its files."""

import csv
import io
import re
import sys
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from datetime import datetime
from pathlib import Path

import pytest

from mnistlab.arch.spec import parse
from mnistlab.arch.summary import summarize
from mnistlab.errors import LabError
from mnistlab.recipe.recipe import Recipe
from mnistlab.stats.score import Score
from mnistlab.store.exchange.export import BYTE_ORDER_MARK, epochs_csv, table_csv, write_tensorboard
from mnistlab.store.run import Run, State
from mnistlab.store.store import Store
from mnistlab.store.table import edit_details, newest
from mnistlab.training.epoch import Epoch

SPEC, RECIPE = (
    parse("4-p4-8-p8-gap-bn"),
    Recipe(epochs=3, learning_rate=0.1, train_size=640, seed=7),
)
EPOCHS = tuple(
    Epoch(n, 1 / (3 * n), 1 - 0.1 / n, 0.7 / n, 400 // n, 10_000, 0.1 / n, 2.5 * n, 3999.5)
    for n in (1, 2, 3)
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs", clock=iter(range(1000, 2000)).__next__)


def trained(store: Store, name: str = "a run") -> Run:
    run_id = store.add(name, SPEC, RECIPE, owner="Ada")
    assert store.claim()
    store.replace_epochs(run_id, EPOCHS)
    store.finish(run_id, State.DONE, "", Score(60, 10_000))
    run = store.run(run_id)
    assert run
    return run


def read(text: str) -> list[dict[str, str]]:
    assert text.startswith(BYTE_ORDER_MARK), "Excel garbles what is not ASCII without it"
    text = text.removeprefix(BYTE_ORDER_MARK)
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_every_epoch_reads_back_to_the_last_bit(store: Store) -> None:
    rows = read(epochs_csv(trained(store)))
    for row, epoch in zip(rows, EPOCHS, strict=True):
        assert float(row.pop("validation_accuracy")) == epoch.validation_accuracy
        assert {name: float(value) for name, value in row.items()} == asdict(epoch)


def test_a_run_without_epochs_gives_the_header_alone(store: Store) -> None:
    run = replace(trained(store), epochs=())
    assert epochs_csv(run).splitlines() == [epochs_csv(trained(store)).splitlines()[0]]
    assert read(table_csv([])) == [] and table_csv([])[1:].startswith("id,name,owner,tags,network,")


def test_the_table_has_settings_and_results(store: Store) -> None:
    run = trained(store)
    store.add("second", SPEC, Recipe(patience=4, target_accuracy=0.99))
    second, first = read(table_csv(newest(store, 5)))
    assert (first["id"], first["name"], first["owner"], first["state"]) == (
        "1",
        "a run",
        "Ada",
        "done",
    )
    assert (first["network"], first["parameters"]) == (str(SPEC), str(summarize(SPEC).total))
    assert (first["epochs_done"], first["epochs_planned"], first["best_epoch"]) == ("3", "3", "3")
    assert float(first["seconds"]) == run.seconds == 15
    for kind, score in (("best", run.best), ("last", run.last), ("test", run.test)):
        assert score and float(first[f"{kind}_accuracy"]) == score.accuracy
        assert first[f"{kind}_errors"] == str(score.errors)
        assert first[f"{kind}_count"] == str(score.count)
    assert datetime.fromisoformat(first["created"]).timestamp() == run.created
    assert first["created"].endswith("+00:00")
    assert (second["epochs_planned"], second["best_epoch"], second["test_errors"]) == ("10", "", "")
    assert (second["patience"], second["target_accuracy"], second["train_size"]) == (
        "4",
        "0.99",
        "",
    )


def test_every_recipe_field_has_a_column(store: Store) -> None:
    (row,) = read(table_csv([trained(store)]))
    for field in fields(Recipe):
        column = "epochs_planned" if field.name == "epochs" else field.name
        value = getattr(RECIPE, field.name)
        assert row[column] == ("" if value is None else str(value)), column


@pytest.mark.parametrize("begin", [*"=+-@＝＋－＠\t\r\n", " =", '"=', "\t=", "\n-"])
def test_a_text_that_looks_like_a_formula_is_marked_as_text(store: Store, begin: str) -> None:
    text = f'{begin}HYPERLINK("http://x","a,b")'
    run = replace(
        trained(store), name=text, owner=text, tags=(text, "b"), best=Score(9_999, 10_000)
    )
    (row,) = read(table_csv([run]))
    assert row["name"] == row["owner"] and row["name"].startswith(f"'{begin[:1]}")
    assert row["name"].replace("'", "") == text and row["tags"] == f"{row['name']} b"
    assert row["network"] == str(SPEC) and float(row["best_accuracy"]) == 1 - 9_999 / 10_000


@pytest.mark.parametrize("sign", "=+-@＝＋－＠")
@pytest.mark.parametrize("separator", [";", "; ", ';"', "a\t", "b\n"])
def test_no_formula_begins_after_a_separator_in_a_text(
    store: Store, separator: str, sign: str
) -> None:
    (row,) = read(table_csv([replace(trained(store), name=f"x{separator}{sign}1+1")]))
    for cell in re.split(r"[;\t\r\n]", row["name"]):
        assert cell.strip(' "')[0] in "'xab"
    assert row["name"].replace("'", "") == f"x{separator}{sign}1+1"


@pytest.mark.parametrize("make", [epochs_csv, lambda run: table_csv([run])])
def test_every_export_has_the_mark_and_no_formula(store: Store, make: Callable[[Run], str]) -> None:
    run = trained(store, "=1+1")
    assert read(make(run)) and "=1+1" not in make(run).replace("'=1+1", "")


def test_negative_numbers_stay_numbers(store: Store) -> None:
    run = replace(trained(store), epochs=(replace(EPOCHS[0], train_loss=-0.5),))
    assert [row["train_loss"] for row in read(epochs_csv(run))] == ["-0.5"]


def test_other_texts_stay_as_they_are(store: Store) -> None:
    run = trained(store, 'a "quoted", comma = ünïcode')
    edit_details(store, run.id, "", "O'Ada", "b-1 c", "")
    (row,) = read(table_csv(newest(store, 1)))
    assert (row["name"], row["owner"], row["tags"]) == (run.name, "O'Ada", "b-1 c")


def test_tensorboard_reads_every_scalar(store: Store, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = trained(store)
    place = write_tensorboard(run, tmp_path / "events")
    assert place == tmp_path / "events" / str(run.id)
    events = EventAccumulator(str(place)).Reload()
    figures = {
        "accuracy/train": [e.train_accuracy for e in EPOCHS],
        "accuracy/validation": [e.validation_accuracy for e in EPOCHS],
        "loss/train": [e.train_loss for e in EPOCHS],
        "loss/validation": [e.validation_loss for e in EPOCHS],
        "learning_rate": [e.learning_rate for e in EPOCHS],
        "images_per_second": [e.images_per_second for e in EPOCHS],
    }
    assert set(events.Tags()["scalars"]) == set(figures)
    assert run.started is not None
    for tag, values in figures.items():
        read_back = events.Scalars(tag)
        assert [e.value for e in read_back] == pytest.approx(values, rel=1e-6), tag
        assert [e.step for e in read_back] == [1, 2, 3]
        assert [e.wall_time - run.started for e in read_back] == pytest.approx([2.5, 7.5, 15])
    texts = {
        tag: events.Tensors(tag)[0].tensor_proto.string_val[0].decode()
        for tag in events.Tags()["tensors"]
    }
    assert texts == {
        "name/text_summary": "a run",
        "network/text_summary": str(SPEC),
        "recipe/text_summary": str(RECIPE),
    }


def test_a_run_is_not_exported_twice_to_one_folder(store: Store, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    run = trained(store)
    place = write_tensorboard(run, tmp_path)
    before = sorted(place.iterdir())
    with pytest.raises(LabError, match="already has event files"):
        write_tensorboard(run, tmp_path)
    assert sorted(place.iterdir()) == before
    assert write_tensorboard(trained(store), tmp_path) != place


def test_a_folder_that_cannot_be_written_is_named(store: Store, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LabError, match="file/1 cannot be written"):
        write_tensorboard(trained(store), tmp_path / "file")


def test_without_tensorboard_the_error_names_the_package(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "torch.utils.tensorboard", raising=False)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(LabError, match=r"pip install tensorboard==2\.21\.0"):
        write_tensorboard(trained(store), tmp_path / "events")
    assert not (tmp_path / "events").exists()
