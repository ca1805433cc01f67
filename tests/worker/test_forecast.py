from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mnistlab.arch.presets import PRESETS
from mnistlab.arch.spec import Spec, parse
from mnistlab.arch.summary import summarize
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.store import Store
from mnistlab.training.epoch import Epoch, Progress
from mnistlab.training.record import TrainingRecord
from mnistlab.worker.forecast import (
    FORWARD_COST,
    OVERHEAD_SECONDS,
    expected_seconds,
    run_forecast,
    waiting_seconds,
)
from mnistlab.worker.speed_model import SpeedModel, Timing, fit_costs

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
    # A tenth of the images takes more than a tenth of the time: validation takes as long as before.
    assert expected_seconds(queue[1], running) == pytest.approx(30 * 7_500 / 52_500, rel=1e-2)
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


def test_a_run_is_estimated_from_the_best_timing_there_is(store: Store) -> None:
    recent, recipe = store.running(), Recipe(epochs=4)
    other = parse("16-16-p10-16-20-t12-16-20-full-bn-drop0.05")
    timing = Timing(str(other), 128, 1e-4)
    model = SpeedModel((timing,), fit_costs([timing]), 0.1, 2, "2026-01-01", {})
    reference = TrainingRecord("", SPEC, recipe, (epoch(1, 9.0),), 1, None, {"threads": "2"})

    def seconds(spec: Spec, **known: Any) -> float:
        given = {"recent": [], "speed_model": None, "reference": None} | known
        forecast = run_forecast(spec, recipe, **given)
        assert forecast and forecast.threads == ("2" if given["reference"] else "")
        return forecast.seconds - OVERHEAD_SECONDS

    assert run_forecast(SPEC, recipe, recent=[], speed_model=None, reference=None) is None
    assert seconds(SPEC, reference=reference) == pytest.approx(4 * 9)
    assert seconds(SPEC, recent=recent) == pytest.approx(4 * 3)
    assert seconds(SPEC, recent=recent, speed_model=model) == pytest.approx(4 * 3)
    # 50,000 training images at 0.1 ms: the benchmark of the network itself counts more than MACs.
    assert seconds(other, recent=recent, speed_model=model) == pytest.approx(20, rel=0.02)


def test_a_teacher_s_forward_passes_take_their_time() -> None:
    recipe = Recipe(epochs=4, teacher="0123456789abcdef")
    teacher = parse("16-16-p10-16-20-t12-16-20-full-bn-drop0.05")
    timings = [Timing(str(spec), 128, 1e-9 * summarize(spec).macs) for spec in (SPEC, teacher)]
    model = SpeedModel(tuple(timings), fit_costs(timings), 0.1, 2, "2026-01-01", {})
    reference = TrainingRecord("", SPEC, Recipe(), (epoch(1, 10.0),), 1)

    def seconds(recipe: Recipe, **known: Any) -> float:
        given = {"recent": [], "speed_model": None, "reference": None} | known
        forecast = run_forecast(SPEC, recipe, **given, teacher_spec=lambda short: teacher)
        assert forecast
        return forecast.seconds - OVERHEAD_SECONDS

    networks = [summarize(spec) for spec in (SPEC, teacher)]
    macs = [network.macs for network in networks]
    fitted = [model.image_seconds(network, recipe.batch_size) for network in networks]
    images = recipe.images_per_epoch
    cases: list[tuple[dict[str, Any], list[Any]]] = [
        ({"reference": reference}, macs),
        ({"speed_model": model}, fitted),
    ]
    for known, (student_cost, teacher_cost) in cases:
        ratio = teacher_cost / student_cost
        more = 1 + FORWARD_COST * ratio * images / (images + FORWARD_COST * 10_000)
        alone = seconds(replace(recipe, teacher=""), **known)
        assert seconds(recipe, **known) / alone == pytest.approx(more, rel=1e-3)
        assert seconds(replace(recipe, soft_label_weight=0.0), **known) == alone


def test_a_demo_counts_its_validation_images() -> None:
    reference = TrainingRecord("", SPEC, Recipe(), (epoch(1, 10.0),), 1)

    def seconds(recipe: Recipe) -> float:
        forecast = run_forecast(SPEC, recipe, recent=[], speed_model=None, reference=reference)
        assert forecast
        return forecast.seconds - OVERHEAD_SECONDS

    whole, demo = seconds(Recipe(epochs=3)), seconds(Recipe(epochs=3, train_size=2_560))
    assert demo > 1.5 * whole * 2_560 / 50_000
