from pathlib import Path

import pytest

from mnistlab.arch.presets import PRESETS
from mnistlab.arch.spec import parse
from mnistlab.arch.summary import summarize
from mnistlab.store.store import Store
from mnistlab.training.epoch import Epoch, Progress
from mnistlab.training.recipe import Recipe
from mnistlab.worker.forecast import expected_seconds, waiting_seconds

SPEC = PRESETS[3].spec


def epoch(number: int, seconds: float) -> Epoch:
    return Epoch(number, 0.1, 0.9, 0.1, 100, 10_000, 0.1, seconds, 1000.0)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Two runs that waited while a third one trains: two of its ten epochs took 6 s."""
    store = Store(tmp_path)
    store.add("trains", SPEC, Recipe(epochs=10))
    store.claim()
    for number, seconds in ((1, 2.0), (2, 4.0)):
        store.add_epoch(1, epoch(number, seconds))
    store.add("all digits", SPEC, Recipe(epochs=10))
    store.add("a tenth of them", SPEC, Recipe(epochs=10, train_size=5_000))
    return store


def test_remaining_epochs_take_as_long_as_those_before(store: Store) -> None:
    run = store.running()[0]
    assert run.seconds_left == pytest.approx(8 * 3)
    store.report(1, "Training", Progress(3, 25_000, 50_000, 1000.0))
    assert store.running()[0].seconds_left == pytest.approx(7.5 * 3)
    store.report(1, "Training", Progress(2, 50_000, 50_000, 1000.0))
    assert store.running()[0].seconds_left == pytest.approx(8 * 3), "an old report"


def test_a_run_without_epochs_is_estimated_from_others(store: Store) -> None:
    running, queue = store.running(), store.queue()
    assert expected_seconds(queue[0], running) == pytest.approx(30)
    assert expected_seconds(queue[1], running) == pytest.approx(3)
    assert expected_seconds(queue[0], []) is None
    # Twice the multiplications take twice as long, unless that network was measured itself.
    other = parse("16-16-p10-16-20-t12-16-20-full-bn-drop0.05")
    store.add("another", other, Recipe(epochs=10))
    ratio = summarize(other).macs / summarize(SPEC).macs
    assert expected_seconds(store.queue()[2], running) == pytest.approx(30 * ratio)
    store.add("the same", other, Recipe(epochs=5))
    store.replace_epochs(4, [epoch(1, 7.0)])
    measured = [*running, store.queue()[2]]
    assert expected_seconds(store.queue()[3], measured) == pytest.approx(35)


def test_each_free_worker_takes_the_first_queued_run(store: Store) -> None:
    running, queue = store.running(), store.queue()
    assert waiting_seconds(running, queue, 1, running) == pytest.approx([24, 54])
    assert waiting_seconds(running, queue, 2, running) == pytest.approx([0, 24])
    assert waiting_seconds([], queue, 1, running) == pytest.approx([0, 30])
    assert waiting_seconds([], queue, 1, []) == [0, None]
    assert waiting_seconds(running, [], 1, running) == []
