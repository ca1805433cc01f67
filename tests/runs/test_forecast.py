from pathlib import Path

import pytest

from mnistlab.arch.presets import PRESETS
from mnistlab.runs.forecast import duration, expected_seconds, speed, waiting_seconds, work
from mnistlab.runs.state import State
from mnistlab.runs.store import Store
from mnistlab.training.epoch import Epoch, Progress
from mnistlab.training.recipe import Recipe

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
    store.add("a tenth of them", SPEC, Recipe(epochs=10, subset=5_000))
    return store


def test_a_run_ends_when_its_epochs_left_have_taken_as_long_as_those_before(store: Store) -> None:
    run = store.running()[0]
    assert run.seconds_left == pytest.approx(8 * 3)
    store.report(1, "Training", Progress(3, 25_000, 50_000, 1000.0))
    assert store.running()[0].seconds_left == pytest.approx(7.5 * 3)
    store.report(1, "Training", Progress(2, 50_000, 50_000, 1000.0))
    assert store.running()[0].seconds_left == pytest.approx(8 * 3), "an old report"


def test_a_run_that_has_no_epoch_yet_is_judged_by_the_machine_s_speed(store: Store) -> None:
    running, queue = store.running(), store.queue()
    pace = speed(running)
    assert pace == pytest.approx(work(running[0]) / 3)
    assert expected_seconds(queue[0], pace) == pytest.approx(30)
    assert expected_seconds(queue[1], pace) == pytest.approx(3)
    assert expected_seconds(queue[0], None) is None and speed([]) is None


def test_each_worker_takes_the_first_in_the_queue_when_it_is_free(store: Store) -> None:
    running, queue = store.running(), store.queue()
    pace = speed(running)
    assert waiting_seconds(running, queue, 1, pace) == pytest.approx([24, 54])
    assert waiting_seconds(running, queue, 2, pace) == pytest.approx([0, 24])
    assert waiting_seconds([], queue, 1, pace) == pytest.approx([0, 30])
    store.finish(1, State.DONE, "")
    assert waiting_seconds([], queue, 1, None) == [0, None]
    assert waiting_seconds(running, [], 1, pace) == []


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "unknown"), (0, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (150, "2 min 30 s"),
        (1500, "25 min"), (3599, "60 min"), (3600, "1 h 00 min"), (9000, "2 h 30 min"),
    ],
)  # fmt: skip
def test_durations_are_read_at_a_glance(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text
