"""The speed model: its fit against known costs, the timing with an injected clock."""

from dataclasses import astuple, replace
from itertools import count

import numpy as np
import pytest
import torch

from mnistlab.arch.cost import CostTerms
from mnistlab.arch.presets import PRESETS
from mnistlab.arch.summary import summarize
from mnistlab.data.options import Split
from mnistlab.errors import LabError
from mnistlab.recipe.recipe import Recipe
from mnistlab.worker.speed_model import (
    STEPS_PER_VALIDATION,
    SpeedModel,
    Timing,
    cross_validated_error,
    fit_costs,
    from_json,
    network_work,
)
from mnistlab.worker.timing import NETWORKS, ROUNDS, timings

COSTS = CostTerms(images=2e-5, calls=1e-3, macs=1e-10, values=3e-9, normed=8e-9, dropped=0.0)


def timing_of(costs: CostTerms) -> list[Timing]:
    """The networks as a machine with these costs would be timed."""
    blank = [Timing(network, batch, 1.0) for network, batch in NETWORKS]
    return [
        replace(one, seconds=float(np.dot(astuple(costs), astuple(network_work(one)))))
        for one in blank
    ]


def example_model() -> SpeedModel:
    found = timing_of(COSTS)
    return SpeedModel(tuple(found), fit_costs(found), 0.0, 2, "2026-01-31", {"torch": "2"})


def test_the_fit_recovers_the_costs() -> None:
    assert astuple(fit_costs(timing_of(COSTS))) == pytest.approx(
        astuple(COSTS), rel=1e-6, abs=1e-18
    )
    assert cross_validated_error(timing_of(COSTS)) < 1e-6


def test_no_cost_is_negative_whatever_was_timed() -> None:
    generator = np.random.default_rng(0)
    for _ in range(20):
        noisy = [
            replace(one, seconds=one.seconds * generator.lognormal(0, 0.5))
            for one in timing_of(COSTS)
        ]
        costs = astuple(fit_costs(noisy))
        assert min(costs) >= 0 and max(costs) > 0
        assert cross_validated_error(noisy) > 0.05
    with pytest.raises(ValueError, match="no timings"):
        fit_costs([])


def test_the_non_negative_fit_is_optimal() -> None:
    # Karush–Kuhn–Tucker: where a cost is positive the error has no slope, elsewhere it only rises.
    generator = np.random.default_rng(1)
    for _ in range(20):
        noisy = [
            replace(one, seconds=one.seconds * generator.lognormal(0, 0.3))
            for one in timing_of(COSTS)
        ]
        work = np.array([astuple(network_work(one)) for one in noisy])
        work /= np.array([[one.seconds] for one in noisy])
        scale = work.max(axis=0)
        costs = np.array(astuple(fit_costs(noisy))) * scale
        slope = (work / scale).T @ (work / scale @ costs - 1)
        assert (np.abs(slope[costs > 0]) < 1e-8).all() and (slope > -1e-8).all()


@pytest.mark.parametrize("preset", PRESETS, ids=lambda p: p.name)
def test_layers_and_overhead_add_up_to_an_epoch(preset: object) -> None:
    result, known = summarize(preset.spec), example_model()  # type: ignore[attr-defined]
    recipe = Recipe(batch_size=64, split=Split.ALL)
    rows = sum(known.row_seconds(row, 64) for row in result.rows)
    assert known.epoch_seconds(result, recipe) == pytest.approx(59_968 * (rows + 2e-5))
    text = Timing(str(result.spec), 64, 1.0)
    expected = np.dot(astuple(COSTS), astuple(network_work(text)))
    assert known.image_seconds(result, 64) == pytest.approx(expected)
    half = known.epoch_seconds(result, replace(recipe, train_size=30_000))
    # 468 and 937 whole batches of 64.
    assert half / 468 == pytest.approx(known.epoch_seconds(result, recipe) / 937)


def test_a_speed_model_is_read_as_written_and_damage_is_refused() -> None:
    known = example_model()
    assert from_json(known.to_json()) == known
    text = known.to_json()
    for wrong in (
        text[: len(text) // 2],
        "",
        "[]",
        "{}",
        "null",
        text.replace('"threads"', '"thread"'),
        text.replace('"seconds"', '"second"', 1),
        text.replace(f'"macs": {known.costs.macs}', '"macs": NaN'),
        text.replace(f'"macs": {known.costs.macs}', '"macs": -1'),
        text.replace(f'"macs": {known.costs.macs}', '"macs": "1"'),
        text.replace("4-p-8-p-8-gap", "4-p-what"),
        text.replace('"batch": 128', '"batch": 0', 1),
        text.replace('"error": 0.0', '"error": Infinity'),
    ):
        assert wrong != text
        with pytest.raises(LabError, match="benchmark again"):
            from_json(wrong)


def test_networks_are_timed_by_the_given_clock() -> None:
    ticks = count()
    (network, batch) = NETWORKS[0]
    first = next(timings(1, torch.device("cpu"), clock=lambda: float(next(ticks))))
    assert first == Timing(network, batch, 1 / (STEPS_PER_VALIDATION * batch)), (
        "each round takes one tick"
    )
    assert next(ticks) == 2 * ROUNDS
