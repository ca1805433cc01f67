"""A folder in the first format opens without loss: store, checkpoints, archives, drawings."""

import io
import json
import os
import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from safetensors.numpy import save_file as save_numpy_file
from safetensors.torch import load_file as load_torch_file

from mnistlab import legacy
from mnistlab.arch.build import build
from mnistlab.arch.export import json_file
from mnistlab.arch.presets import PRESETS
from mnistlab.arch.spec import SpecError, parse
from mnistlab.data.mnist import DataSplits, load, split_mnist
from mnistlab.data.options import Augmentation, Split
from mnistlab.drawing.classifier import Classifier
from mnistlab.drawing.strokes import digit_from_strokes
from mnistlab.errors import CheckpointError
from mnistlab.experiments.reproduction import newest_runs
from mnistlab.experiments.seeds import runs_by_seed
from mnistlab.handwriting import collection, drawings
from mnistlab.home import Home
from mnistlab.recipe.recipe import Optimizer, Recipe, RecipeError, recipe_from_json
from mnistlab.recipe.schedules import Schedule
from mnistlab.stats.predictions import load_predictions
from mnistlab.stats.score import Score
from mnistlab.store import queue
from mnistlab.store.database import connection
from mnistlab.store.database.errors import StoreError
from mnistlab.store.database.migrations import MIGRATIONS, RENAMED_FILES
from mnistlab.store.exchange.archive import ArchiveError, DuplicateRunError, export_run, import_run
from mnistlab.store.run import Request, State
from mnistlab.store.store import Store
from mnistlab.store.table import Query, table
from mnistlab.training.checkpoint import load_checkpoint
from mnistlab.training.epoch import Epoch
from mnistlab.training.record import read_record
from mnistlab.training.resume import load_training_state
from mnistlab.training.state import TrainingState
from mnistlab.uncertainty.model import load_uncertainty, uncertainty_path
from mnistlab.worker import training_job
from mnistlab.worker.worker import train_run

FIXTURE = Path(__file__).parent / "first_format"
SPEC = parse("4-p4-gap-bn")
RECIPES = {
    1: Recipe(batch_size=64, epochs=3, augmentation=Augmentation.HANDWRITING, train_size=640,
              seed=3, target_accuracy=0.99),
    2: Recipe(batch_size=64, epochs=2, split=Split.ARTICLE, train_size=640),
    3: Recipe(batch_size=64, epochs=30, train_size=6400),
    4: Recipe(batch_size=64, epochs=2, train_size=640, seed=3),
    5: Recipe(epochs=2, train_size=64),
}  # fmt: skip
EPOCHS = {
    1: (
        Epoch(1, 2.4538122177124024, 0.0921875, 2.3050994873046875, 9594, 10000,
              0.09619397662556435, 0.9716671630001201, 1953.634156362109),
        Epoch(2, 2.3040746688842773, 0.103125, 2.3145041465759277, 9010, 10000,
              0.043473690388997434, 0.7063647360000687, 3165.325317200968),
        Epoch(3, 2.3035552978515623, 0.1265625, 2.3140549659729004, 8936, 10000,
              0.0004277569313094809, 0.7475370259999181, 2434.438109241887),
    ),
    2: (
        Epoch(1, 2.3279098510742187, 0.121875, 2.2941207885742188, 8039, 10000,
              0.07777851165098011, 0.7117947839999488, 3682.8716722319523),
        Epoch(2, 2.2786014556884764, 0.25, 2.2808287143707275, 7470, 10000,
              0.0009607359798384785, 0.9381984740000462, 3584.1475550509253),
    ),
    3: (
        Epoch(1, 2.2911744689941407, 0.15515625, 2.25600528717041, 8050, 10000,
              0.02485, 18.661690588000056, 424.29598827202256),
        Epoch(2, 2.2160379028320314, 0.20765625, 2.1390883922576904, 7631, 10000,
              0.03985, 16.705832824000026, 412.0603518904571),
        Epoch(3, 2.076275634765625, 0.2425, 1.973557472229004, 7600, 10000,
              0.05485, 3.174185917000159, 2893.43565588147),
    ),
    4: (),
    5: (),
}  # fmt: skip


def write_store(folder: Path, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(folder / "store.sqlite")
    db.executescript(text)
    db.close()


@pytest.fixture
def old(tmp_path: Path) -> Store:
    """The folder as the first format's program left it; nothing has opened it yet."""
    shutil.copytree(FIXTURE / "runs", tmp_path / "runs")
    write_store(tmp_path / "runs", (FIXTURE / "store.sql").read_text("utf-8"))
    return Store(tmp_path / "runs")


def archive(**changes: bytes) -> bytes:
    """Run 1 as its archive; `changes` are members by their names up to the first dot."""
    names = ("best.safetensors", "last.safetensors", "readings.safetensors", "best.doubt")
    files = {name: (FIXTURE / "runs/000001" / name).read_bytes() for name in names}
    files["run.json"] = (FIXTURE / "run.json").read_bytes()
    files |= {name: changes.get(name.partition(".")[0], content) for name, content in files.items()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in files.items():
            out.writestr(name, content)
    return buffer.getvalue()


# The store


def test_every_run_and_epoch_is_there(old: Store) -> None:
    runs = {run.id: run for run in old.runs(range(1, 9))}
    assert {n: run.recipe for n, run in runs.items()} == RECIPES
    assert {n: run.epochs for n, run in runs.items()} == EPOCHS
    assert [str(run.spec) for run in runs.values()] == ["4-p4-gap-bn"] * 4 + ["4-gap"]
    assert [run.parameters for run in runs.values()] == [126, 126, 126, 126, 90]
    assert [(run.name, run.owner, run.tags, run.notes) for run in runs.values()] == [
        ("old run", "Ada", ("kept", "old"), "some notes"),
        ("article run", "", (), ""),
        ("paused run", "", (), ""),
        ("waits", "Ben", ("study",), ""),
        ("binned", "Ben", (), ""),
    ]
    assert [(run.state, run.request, run.best_epoch, run.best, run.last, run.test)
            for run in runs.values()] == [
        (State.DONE, Request.NONE, 3, Score(8936, 10_000), Score(8936, 10_000),
         Score(8865, 10_000)),
        (State.DONE, Request.NONE, 2, Score(7470, 10_000), Score(7470, 10_000), None),
        (State.PAUSED, Request.NONE, 3, Score(7600, 10_000), Score(7600, 10_000), None),
        (State.PAUSED, Request.NONE, None, None, None, None),
        (State.STOPPED, Request.NONE, None, None, None, None),
    ]  # fmt: skip
    assert [(run.created, run.started, run.ended, run.deleted) for run in runs.values()] == [
        (1795611182.5440912, 1795611182.6917305, 1795611194.194786, None),
        (1795611194.633547, 1795611194.7597144, 1795611203.8003175, None),
        (1795611204.5022068, 1795611204.7151852, 1795611344.6724713, None),
        (1795611249.1606817, None, 1795611249.2025702, None),
        (1795611249.2325757, None, 1795611249.2565753, 1795611249.2922277),
    ]
    assert runs[3].message == "Paused after epoch 3." and not old.queue() and not old.running()
    assert [run.id for run in table(old, Query(deleted=True)).rows] == [5]


def test_the_drawings_are_there(old: Store) -> None:
    triangle = (((10.0, 10.0), (100.0, 10.0), (60.0, 120.0)),)
    line = (((50.0, 10.0), (50.0, 120.0)),)
    expected = [
        drawings.LabeledDrawing(7, "Ada", triangle),
        drawings.LabeledDrawing(1, "", line),
    ]
    assert collection.export(old) == expected
    assert [one.created for one in collection.listed(old)] == [
        1795611249.3682275,
        1795611249.344454,
    ]
    # The hash identifies a drawing: the same strokes are still the same drawing.
    assert [one.stroke_hash for one in collection.listed(old)][::-1] == [
        one.stroke_hash for one in expected
    ]
    assert drawings.from_json((FIXTURE / "handwriting.json").read_bytes()) == expected
    assert collection.save_all(old, expected) == 0


def test_a_study_and_a_reproduction_have_their_runs(old: Store) -> None:
    target = PRESETS[2]
    with sqlite3.connect(old.database.file) as db:
        db.execute(
            "INSERT INTO runs (name, spec, recipe, state, created) VALUES ('t3', ?, ?, 'done', 1)",
            (str(target.spec), FIRST_TARGET_3),
        )
    db.close()
    assert {n: run.id for n, run in runs_by_seed(old, SPEC, RECIPES[4], range(9)).items()} == {3: 4}
    assert {name: run.id for name, run in newest_runs(old).items()} == {target.name: 6}


FIRST_TARGET_3 = (
    '{"optimiser": "adam", "learning_rate": 0.003, "schedule": "constant", "batch_size": 64, '
    '"epochs": 20, "weight_decay": 0.0, "augmentation": "none", "split": "article", '
    '"subset": 6000, "seed": 0, "patience": null, "goal": null, "label_smoothing": 0.0}'
)


# Files in the run folders


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_file()}


def test_the_files_in_the_run_folders_are_renamed(old: Store) -> None:
    assert old.run(1)
    ended = {
        *("best.safetensors", "last.safetensors"),
        *("predictions.safetensors", "best.uncertainty"),
    }
    assert names_in(old.run_folder(1)) == names_in(old.run_folder(2)) == ended
    assert names_in(old.run_folder(3)) == {"best.safetensors", "resume.safetensors"}
    for number in (1, 2, 3):
        folder = FIXTURE / f"runs/{number:06}"
        for path in folder.rglob("*.safetensors"):
            name = legacy.RUN_FILES.get(path.name, path.name)
            renamed = old.run_folder(number) / path.relative_to(folder).with_name(name)
            assert renamed.read_bytes() == path.read_bytes()


def test_files_moved_by_a_deletion_are_renamed_too(old: Store) -> None:
    old.run_folder(1).rename(old.set_aside(1))
    assert old.run(1) and "best.uncertainty" in names_in(old.set_aside(1))


@pytest.mark.parametrize("n_renamed", range(5))
def test_a_migration_killed_between_two_renamings_is_completed(
    old: Store, n_renamed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    replace, done = Path.replace, list[Path]()

    def until_killed(path: Path, target: Path) -> Path:
        if len(done) == n_renamed:
            raise Killed
        done.append(path)
        return replace(path, target)

    with monkeypatch.context() as killing:
        killing.setattr(Path, "replace", until_killed)
        if n_renamed < 4:
            with pytest.raises(Killed):
                old.run(1)
        else:
            assert old.run(1)
    with sqlite3.connect(old.database.file) as db:
        (version,) = db.execute("PRAGMA user_version").fetchone()
    db.close()
    assert version == (3 if n_renamed < 4 else len(MIGRATIONS))
    test_the_files_in_the_run_folders_are_renamed(old)
    assert {run.id: run.epochs for run in old.runs(range(1, 9))} == EPOCHS


def test_a_file_that_cannot_be_renamed_is_named(
    old: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, target: Path) -> Path:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as refusing:
        refusing.setattr(Path, "replace", refuse)
        with pytest.raises(StoreError, match=r"readings\.safetensors.*ermission"):
            old.run(1)
    assert old.run(1)


def test_a_new_store_leaves_the_files_of_another_one_alone(tmp_path: Path) -> None:
    shutil.copytree(FIXTURE / "runs", tmp_path / "runs")
    store = Store(tmp_path / "runs")
    assert store.run(1) is None
    assert store.add("first", SPEC, Recipe()) == 4
    assert "best.doubt" in names_in(store.run_folder(1))


# Earlier versions of the store

FIRST_RECIPE = (
    '{"optimiser": "sgd", "learning_rate": 0.1, "schedule": "one-cycle", "batch_size": 64, '
    '"epochs": 3, "weight_decay": 0.0005, "augmentation": "hand", "split": "strict", '
    '"subset": 640, "seed": 3, "patience": null, "goal": 0.9940000000000001, '
    '"label_smoothing": 0.0}'
)
SHORT_RECIPE = '{"epochs": 3, "split": "article", "augmentation": "shift"}'


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_store_of_an_earlier_version_opens(tmp_path: Path, version: int) -> None:
    script, owner = "".join(MIGRATIONS[:version]), ("", "")
    insert = (
        "INSERT INTO runs (name, spec, recipe, state, created) "
        "VALUES ('r', '4-gap', '{}', '{}', 1);"
    )
    text = script + insert.format(FIRST_RECIPE, "done") + insert.format(SHORT_RECIPE, "running")
    if version > 1:
        text += "UPDATE runs SET who = 'Ada', request = 'yield', place = 3 WHERE id = 2;"
        text += "INSERT INTO asked_workers VALUES (0, 5.0);"
        owner = ("", "Ada")
    write_store(tmp_path, f"{text} PRAGMA user_version = {version};")
    (tmp_path / "000001").mkdir()
    (tmp_path / "000001/best.doubt").write_bytes(b"1")
    first, second = Store(tmp_path).runs([1, 2])
    assert first.recipe == Recipe(
        Optimizer.SGD, 0.1, Schedule.ONE_CYCLE, 64, 3, 0.0005, Augmentation.HANDWRITING,
        Split.HOLDOUT, 640, 3, None, 0.9940000000000001,
    )  # fmt: skip
    assert second.recipe == Recipe(epochs=3, split=Split.ARTICLE, augmentation=Augmentation.SHIFT)
    assert (first.owner, second.owner) == owner
    assert second.request is (Request.PREEMPT if version > 1 else Request.NONE)
    assert (tmp_path / "000001/best.uncertainty").read_bytes() == b"1"
    # A migrated store has the schema of a new one.
    schemas = []
    for store in (Store(tmp_path), Store(tmp_path / "new")):
        with store.database.writing() as db:
            rows = db.execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall()
            schemas.append([row["sql"] for row in rows])
            assert db.execute("PRAGMA user_version").fetchone()[0] == connection.VERSION
    assert schemas[0] == schemas[1]


# Checkpoints, predictions, uncertainty models


def test_its_checkpoints_predict(old: Store) -> None:
    assert old.run(1)
    digit = digit_from_strokes((((10.0, 10.0), (100.0, 10.0), (60.0, 120.0)),))
    assert digit
    for number in (1, 2, 3):
        path = old.best_checkpoint_path(number)
        classifier = Classifier(path)
        record = classifier.record
        assert (record.spec, record.recipe, record.epochs) == (
            SPEC, RECIPES[number], EPOCHS[number],
        )  # fmt: skip
        assert record.environment["torch"] == "2.13.0+cpu"
        tensors = load_torch_file(FIXTURE / f"runs/{number:06}/best.safetensors")
        weights = classifier.network.state_dict()
        assert all(torch.equal(weights[name], value) for name, value in tensors.items())
        assert sum(classifier.predict(digit).probabilities) == pytest.approx(1)
        assert (classifier.uncertainty is None) == (number == 3)
    assert read_record(old.best_checkpoint_path(1)).test == Score(8865, 10_000)
    alone = read_record(old.epoch_checkpoint_path(3, 2))
    assert alone.epochs == EPOCHS[3][1:2]


def test_its_predictions_and_uncertainty_open(old: Store) -> None:
    assert old.run(1)
    for number, score in ((1, Score(8865, 10_000)), (2, Score(7470, 10_000))):
        folder = FIXTURE / f"runs/{number:06}"
        predictions = load_predictions(old.predictions_path(number))
        assert predictions.score == score
        tensors = load_file(folder / "readings.safetensors")
        assert np.array_equal(predictions.predicted, tensors["read"])
        assert np.array_equal(predictions.confidence, tensors["confidence"])
        fitted = load_uncertainty(uncertainty_path(old.best_checkpoint_path(number)), SPEC)
        tensors = load_file(folder / "best.doubt")
        assert fitted and fitted.temperature == tensors["temperature"][0]
        assert fitted.detector is None


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def both_names(path: Path) -> None:
    tensors = load_file(path)
    names = legacy.PREDICTIONS_TENSORS
    save_numpy_file(tensors | {new: tensors[old] for old, new in names.items() if old in tensors},
                    path)  # fmt: skip


@pytest.mark.parametrize("damage", [cut, both_names])
def test_damaged_predictions_are_refused(old: Store, damage: Callable[[Path], None]) -> None:
    assert old.run(1)
    damage(old.predictions_path(1))
    with pytest.raises(CheckpointError, match=r"predictions\.safetensors is damaged"):
        load_predictions(old.predictions_path(1))


def test_a_damaged_uncertainty_model_is_refused(old: Store) -> None:
    assert old.run(1)
    path = uncertainty_path(old.best_checkpoint_path(1))
    cut(path)
    with pytest.raises(CheckpointError, match=r"best\.uncertainty is damaged"):
        load_uncertainty(path, SPEC)


METADATA = {
    "no recipe": lambda metadata: {k: v for k, v in metadata.items() if k != "recipe"},
    "recipe no JSON": lambda metadata: metadata | {"recipe": "{"},
    "recipe no object": lambda metadata: metadata | {"recipe": "[]"},
    "unknown field": lambda metadata: metadata | {"recipe": '{"optimizers": "sgd"}'},
    "both names": lambda metadata: metadata | {"recipe": '{"goal": 0.9, "target_accuracy": 0.9}'},
    "deep": lambda metadata: metadata | {"recipe": "[" * 100_000},
    "earlier": lambda metadata: metadata | {"format": "mnistlab-0"},
    "first names, today's format": lambda metadata: metadata | {"format": "mnistlab-2"},
}


@pytest.mark.parametrize("change", METADATA.values(), ids=METADATA)
def test_a_damaged_record_is_refused(
    tmp_path: Path, change: Callable[[dict[str, str]], dict[str, str]]
) -> None:
    content = (FIXTURE / "runs/000001/best.safetensors").read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    header["__metadata__"] = change(header["__metadata__"])
    text = json.dumps(header).encode()
    path = tmp_path / "best.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + content[8 + length :])
    with pytest.raises(CheckpointError, match=r"^best\.safetensors"):
        load_checkpoint(path)


def test_a_recipe_by_itself_has_today_s_names() -> None:
    with pytest.raises(RecipeError, match="unknown field: goal"):
        recipe_from_json(FIRST_RECIPE)


# Training on


def test_a_resumed_training_has_the_saved_tensors(old: Store) -> None:
    training = TrainingState(build(SPEC, seed=9), RECIPES[3])
    load_training_state(old.resume_path(3), training, SPEC)
    saved = load_torch_file(FIXTURE / "runs/000003/resume.safetensors")
    state = training.state_dict()
    names = {name: _state_name(name) for name in saved}
    assert {"random.shuffle", "random.generator0"} <= set(names.values()) == set(state)
    for name, value in saved.items():
        assert torch.equal(state[names[name]], value)
    assert tuple(training.epochs) == EPOCHS[3]
    cut(old.resume_path(3))
    with pytest.raises(CheckpointError, match=r"resume\.safetensors is damaged"):
        load_training_state(old.resume_path(3), TrainingState(build(SPEC, 9), RECIPES[3]), SPEC)


def _state_name(name: str) -> str:
    for old, new in (
        ("optimiser", "optimizer"),
        ("random.order", "random.shuffle"),
        ("random.chance", "random.generator"),
    ):
        name = name.replace(old, new)
    return name


def test_the_paused_run_trains_on_to_its_end(
    old: Store, mnist_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On few images: what is tested is that the worker goes on, not what the network learns."""

    def few(*arguments: object) -> DataSplits:
        parts = split_mnist(load(mnist_folder), Split.HOLDOUT, 256)
        assert parts.test
        return DataSplits(parts.train, parts.validation[:200], parts.test[:200])

    monkeypatch.setattr(training_job, "split_mnist", few)
    monkeypatch.setenv("MNISTLAB_THREADS", "1")
    home = Home(old.folder.parent)
    home.data.symlink_to(mnist_folder)
    queue.resume(old, 3)
    run = old.claim(0, os.getpid())
    assert run and run.id == 3
    train_run(old, run, home, 0)
    run = old.run(3)
    assert run and (run.state, run.message) == (State.DONE, "")
    assert run.epochs[:3] == EPOCHS[3] and [e.number for e in run.epochs] == [*range(1, 31)]
    assert run.test and run.test.count == 200
    assert names_in(old.run_folder(3)) == {
        *("best.safetensors", "last.safetensors"),
        *("predictions.safetensors", "best.uncertainty"),
    }
    assert len(list((old.run_folder(3) / "epochs").iterdir())) == 30
    assert read_record(old.best_checkpoint_path(3)).epochs == run.epochs


# Exported files


def test_its_archive_is_imported(old: Store, tmp_path: Path) -> None:
    with pytest.raises(DuplicateRunError, match="run 1"):
        import_run(old, archive())
    new = Store(tmp_path / "new")
    there = import_run(new, archive())
    one, other = old.run(1), new.run(there)
    assert one and other
    same = (
        *("name", "owner", "tags", "notes", "spec", "recipe", "parameters", "state", "message"),
        *("created", "started", "ended", "epochs", "best_epoch", "best", "last", "test"),
    )
    assert [getattr(one, name) for name in same] == [getattr(other, name) for name in same]
    files = names_in(old.run_folder(1))
    assert names_in(new.run_folder(there)) == files
    for name in files:
        one_file, other_file = old.run_folder(1) / name, new.run_folder(there) / name
        assert one_file.read_bytes() == other_file.read_bytes()
    # Exported again, it is an archive of today's format, which can be imported as well.
    content = export_run(new, there)
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        assert json.loads(opened.read("run.json"))["owner"] == "Ada"
    assert import_run(Store(tmp_path / "third"), content) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"run": b'{"format": "mnistlab-run-1"}'},
        {"run": b'{"format": "mnistlab-run-1", "recipe": 3, "who": "A", "owner": "B"}'},
        {"run": b'["mnistlab-run-1"]'},
        {"readings": b"no tensors"},
        {"best": b"no tensors"},
    ],
)
def test_a_damaged_archive_is_refused(tmp_path: Path, change: dict[str, bytes]) -> None:
    store = Store(tmp_path)
    with pytest.raises(ArchiveError):
        import_run(store, archive(**change))
    assert not store.database.file.exists()


def test_an_archive_with_a_file_under_both_names_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO(archive())
    with zipfile.ZipFile(buffer, "a") as out:
        out.writestr("best.uncertainty", b"")
    with pytest.raises(ArchiveError, match=r"both 'best\.doubt' and 'best\.uncertainty'"):
        import_run(Store(tmp_path), buffer.getvalue())


def test_its_network_is_refused_with_what_to_do() -> None:
    text = (FIXTURE / "network.json").read_text("utf-8")
    with pytest.raises(SpecError, match="enter the file's “text”"):
        json_file.from_json(text)
    assert parse(json.loads(text)["text"]) == PRESETS[3].spec


def test_both_statements_of_the_first_format_agree() -> None:
    """The migration's frozen text, and the names that the readers translate."""
    assert {old: new for _, old, new in RENAMED_FILES} == legacy.RUN_FILES
    script = MIGRATIONS[3]
    for old, new in legacy.RECIPE_FIELDS.items():
        assert f"""'"{old}":', '"{new}":'""" in script
    for (name, old), new in legacy.RECIPE_VALUES.items():
        assert f"'$.{name}', '{new}'" in script and f"'$.{name}') = '{old}'" in script
