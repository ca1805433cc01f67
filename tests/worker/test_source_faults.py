"""A run with a teacher or initial weights: killed it has the same bits, without them it waits."""

import random
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mnistlab.arch.build import build
from mnistlab.arch.spec import Spec, parse
from mnistlab.home import Home
from mnistlab.recipe.recipe import Recipe
from mnistlab.store import queue
from mnistlab.store.exchange.archive import export_run, import_run
from mnistlab.store.run import Request, State
from mnistlab.store.store import Store
from mnistlab.training.checkpoint import load_checkpoint, save_checkpoint
from mnistlab.training.record import TrainingRecord
from mnistlab.training.sources import save_source, saved_source, source_path
from mnistlab.training.tensor_file import packed, unpacked
from mnistlab.worker import processes
from mnistlab.worker.source_search import source_named
from tests.store.example_runs import epoch
from tests.worker.faults import Workers, add_run, bits, get_run, outcome
from tests.worker.test_faults import home, pause_after, workers

__all__ = ["home", "workers"]  # fixtures

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="forks its workers"),
]
KILLS = 12
NETWORK = "4-p4-8-p8-gap-bn-drop0.1"
RECIPE = Recipe(epochs=6, batch_size=64, train_size=256, distillation_temperature=2.0)
TEACHER = parse("6-p6-gap-bn")


@pytest.fixture(params=["teacher", "initial"])
def field(request: pytest.FixtureRequest) -> str:
    """The recipe's field that names the source."""
    return str(request.param)


@pytest.fixture
def built(home: Home, tmp_path: Path, field: str) -> tuple[str, Recipe]:
    """A run whose source is in the lab's folder and nowhere else."""
    short = _save(home, TEACHER if field == "teacher" else parse(NETWORK), tmp_path)
    is_teacher = field == "teacher"
    recipe = replace(RECIPE, teacher=short) if is_teacher else replace(RECIPE, initial=short)
    return NETWORK, replace(recipe, interpolation=0.5)


def _save(home: Home, spec: Spec, folder: Path) -> str:
    """What a recipe calls a checkpoint that is in the lab's folder and nowhere else."""
    path = folder / "source.safetensors"
    record = TrainingRecord("mine", spec, Recipe(), (epoch(1, 60),), 1)
    save_checkpoint(path, build(spec, 3), record)
    return save_source(home.sources, path).short


def test_killed_at_random_moments_a_run_has_the_uninterrupted_result(
    home: Home, workers: Workers, tmp_path: Path
) -> None:
    teacher = source_named(home, "target-4")
    initial = _save(home, parse(NETWORK), tmp_path)
    run = NETWORK, replace(RECIPE, teacher=teacher, initial=initial, interpolation=0.5)
    reference_id = add_run(home, run)
    assert workers.work(home)
    reference, store = outcome(home, reference_id), Store(home.runs)
    span, generator, kills = get_run(home, reference_id).seconds, random.Random(0), 0
    untaught_id = add_run(home, (NETWORK, RECIPE))
    assert workers.work(home) and outcome(home, untaught_id)["bits"] != reference["bits"]
    while kills < KILLS:
        run_id = add_run(home, run)
        while get_run(home, run_id).state is not State.DONE:
            if get_run(home, run_id).state.resumable:
                queue.resume(store, run_id)
            # The worker then copies the teacher itself, and may be killed while it does.
            source_path(home.sources, teacher).unlink(missing_ok=True)
            after = generator.uniform(0, span) if kills < KILLS else None
            kills += not workers.work(home, after=after)
            processes.ensure_workers(home)
        assert outcome(home, run_id) == reference


def test_the_record_names_the_source(
    home: Home, workers: Workers, built: tuple[str, Recipe], field: str
) -> None:
    run_id, store = add_run(home, built), Store(home.runs)
    assert workers.work(home)
    source = saved_source(home.sources, built[1].sources[0])
    for path in (store.best_checkpoint_path(run_id), store.last_checkpoint_path(run_id)):
        assert getattr(load_checkpoint(path).record, field) == source


@pytest.mark.parametrize("is_damaged", [False, True])
def test_without_its_source_a_run_fails_and_resumes_once_it_is_back(
    home: Home, workers: Workers, built: tuple[str, Recipe], is_damaged: bool
) -> None:
    reference_id = add_run(home, built)
    assert workers.work(home)
    run_id, path = add_run(home, built), source_path(home.sources, built[1].sources[0])
    pause_after(workers, home, run_id, 2)
    content, before = path.read_bytes(), get_run(home, run_id).epochs
    path.write_bytes(content[:-1] + b"\x01") if is_damaged else path.unlink()
    queue.resume(Store(home.runs), run_id)
    assert workers.work(home)
    found = get_run(home, run_id)
    assert found.state is State.FAILED and found.epochs == before
    assert built[1].sources[0] in found.message and str(path) in found.message, found.message

    path.write_bytes(content)
    queue.resume(Store(home.runs), run_id)
    assert workers.work(home)
    assert outcome(home, run_id) == outcome(home, reference_id)


def test_a_run_is_finished_without_its_source(
    home: Home, workers: Workers, built: tuple[str, Recipe], field: str
) -> None:
    run_id, store = add_run(home, built), Store(home.runs)
    pause_after(workers, home, run_id, 2)
    source = saved_source(home.sources, built[1].sources[0])
    shutil.rmtree(home.sources)
    store.request(run_id, Request.STOP)
    assert workers.work(home)
    assert get_run(home, run_id).state is State.STOPPED, get_run(home, run_id).message
    record = load_checkpoint(store.last_checkpoint_path(run_id)).record
    assert getattr(record, field) == source


def test_an_exported_run_goes_on_where_its_source_is(
    home: Home, workers: Workers, built: tuple[str, Recipe], tmp_path: Path, mnist_folder: Path
) -> None:
    reference_id = add_run(home, built)
    assert workers.work(home)
    run_id = add_run(home, built)
    pause_after(workers, home, run_id, 2)
    other = Home(tmp_path / "other")
    other.root.mkdir()
    other.data.symlink_to(mnist_folder)
    imported_id = import_run(Store(other.runs), export_run(Store(home.runs), run_id))
    queue.resume(Store(other.runs), imported_id)
    assert workers.work(other)
    found = get_run(other, imported_id)
    assert found.state is State.FAILED and len(found.epochs) >= 2
    assert "Import the run" in found.message, found.message
    save_source(other.sources, source_path(home.sources, built[1].sources[0]))
    queue.resume(Store(other.runs), imported_id)
    assert workers.work(other)
    done = get_run(other, imported_id)
    assert done.state is State.DONE and done.test == get_run(home, reference_id).test
    weights = [
        bits(Store(lab.runs).last_checkpoint_path(id))
        for lab, id in ((other, imported_id), (home, reference_id))
    ]
    assert weights[0] == weights[1]


def test_another_source_with_the_same_first_digits_is_refused(
    home: Home, workers: Workers, built: tuple[str, Recipe], field: str
) -> None:
    run_id, store = add_run(home, built), Store(home.runs)
    pause_after(workers, home, run_id, 1)
    path = store.resume_path(run_id)
    whole = saved_source(home.sources, built[1].sources[0]).checksum
    other = whole[:-1] + ("0" if whole[-1] != "0" else "1")
    tensors, text = unpacked(path.read_bytes())
    text[field] = text[field].replace(whole, other)
    path.write_bytes(packed(tensors, text))
    queue.resume(store, run_id)
    assert workers.work(home)
    found = get_run(home, run_id)
    assert found.state is State.FAILED and "another one" in found.message, found.message
