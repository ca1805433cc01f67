"""A run's teacher is found wherever the lab has it, and copied before the run is queued."""

from pathlib import Path

import pytest

from mnistlab import zoo
from mnistlab.arch.build import build
from mnistlab.arch.spec import parse
from mnistlab.errors import CheckpointError, LabError
from mnistlab.home import Home
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.exchange.archive import export_run, import_run
from mnistlab.store.run import State
from mnistlab.store.store import Store
from mnistlab.store.trash import empty_trash, move_to_trash
from mnistlab.training.checkpoint import save_checkpoint
from mnistlab.training.record import TrainingRecord
from mnistlab.training.sources import read_source, source_path
from mnistlab.worker import processes
from mnistlab.worker.processes import submit
from mnistlab.worker.source_search import ensure_source, find_source, source_named, teacher_spec
from tests.store.example_runs import add_finished_run, epoch

SPEC = parse("4-p4-8-gap-bn")
RECIPE = Recipe(epochs=1)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(processes, "start_worker", lambda home: None)
    return Home(tmp_path)


@pytest.fixture
def store(home: Home) -> Store:
    return Store(home.runs)


def add_teacher_run(store: Store, seed: int = 0) -> int:
    run_id = add_finished_run(store, SPEC, RECIPE, [60], name="teacher")
    record = TrainingRecord("teacher", SPEC, RECIPE, (epoch(1, 60),), 1)
    save_checkpoint(store.best_checkpoint_path(run_id), build(SPEC, seed), record)
    return run_id


def pretrained(name: str) -> Path:
    path = zoo.checkpoint(name)
    assert path
    return path


def test_a_pretrained_teacher_is_copied_before_the_run_is_queued(home: Home, store: Store) -> None:
    teacher = read_source(pretrained("smallest"))
    run_id = submit(home, "", SPEC, Recipe(teacher=teacher.short))
    copy = source_path(home.sources, teacher.short)
    assert read_source(copy) == teacher == find_source(home, teacher.short)
    assert [run.id for run in store.queue()] == [run_id]


def test_without_its_teacher_no_run_is_queued(home: Home, store: Store) -> None:
    with pytest.raises(CheckpointError, match="missing"):
        submit(home, "", SPEC, Recipe(teacher="0" * 16))
    assert not store.queue() and not home.sources.exists()


def test_a_copy_outlives_the_run_that_it_is_from(home: Home, store: Store) -> None:
    run_id = add_teacher_run(store)
    short = read_source(store.best_checkpoint_path(run_id)).short
    assert find_source(home, short).spec == SPEC and not home.sources.exists()
    submit(home, "", SPEC, Recipe(teacher=short))
    assert move_to_trash(store, [run_id]) == [run_id] and empty_trash(store) == 1
    assert not store.best_checkpoint_path(run_id).exists()
    assert ensure_source(home, short).name == "teacher"
    submit(home, "again", SPEC, Recipe(teacher=short))
    assert len(store.queue()) == 2


def test_a_damaged_copy_is_replaced_while_its_source_is_there(home: Home, store: Store) -> None:
    run_id = add_teacher_run(store)
    short = source_named(home, str(run_id))
    copy = source_path(home.sources, short)
    copy.write_bytes(copy.read_bytes()[:-4])
    assert find_source(home, short).short == short
    assert ensure_source(home, short) == read_source(copy)
    copy.write_bytes(b"")
    store.best_checkpoint_path(run_id).write_bytes(b"")
    for search in (ensure_source, find_source):
        with pytest.raises(CheckpointError, match=f"{short}.*Import the run"):
            search(home, short)


def test_importing_the_teacher_s_run_brings_the_teacher(
    home: Home, store: Store, tmp_path: Path
) -> None:
    elsewhere = Store(tmp_path / "elsewhere")
    run_id = add_teacher_run(elsewhere)
    short = read_source(elsewhere.best_checkpoint_path(run_id)).short
    with pytest.raises(CheckpointError):
        ensure_source(home, short)
    import_run(store, export_run(elsewhere, run_id))
    assert ensure_source(home, short).short == short


def test_a_person_names_a_run_a_pretrained_checkpoint_a_file_or_a_checksum(
    home: Home, store: Store, tmp_path: Path
) -> None:
    run_id = add_teacher_run(store)
    short = source_named(home, str(run_id))
    assert source_named(home, short) == short
    assert source_named(home, "smallest") == read_source(pretrained("smallest")).short
    path = tmp_path / "mine.safetensors"
    save_checkpoint(path, build(SPEC, 7), TrainingRecord("mine", SPEC, RECIPE, (epoch(1, 60),), 1))
    mine = source_named(home, str(path))
    path.unlink()
    assert ensure_source(home, mine).name == "mine" and mine != short


def test_a_run_that_has_not_ended_is_no_teacher(home: Home, store: Store) -> None:
    run_id = store.add("", SPEC, RECIPE)
    for text in (str(run_id), "99"):
        with pytest.raises(LabError, match=f"run {text} is not a finished run"):
            source_named(home, text)
    assert store.claim()
    store.replace_epochs(run_id, [epoch(1, 60)])
    record = TrainingRecord("", SPEC, RECIPE, (epoch(1, 60),), 1)
    save_checkpoint(store.best_checkpoint_path(run_id), build(SPEC, 3), record)
    short = read_source(store.best_checkpoint_path(run_id)).short
    with pytest.raises(CheckpointError):
        find_source(home, short)
    store.finish(run_id, State.STOPPED, "")
    assert find_source(home, short).short == short
    assert teacher_spec(home, short) == SPEC and teacher_spec(home, "0" * 16) is None


def test_a_teacher_that_nothing_is_called_is_an_error_with_the_names(home: Home) -> None:
    with pytest.raises(LabError, match=r"“nobody”.*most-accurate"):
        source_named(home, "nobody")
