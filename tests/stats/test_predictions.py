"""Statistics of predictions, against simple counts."""

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save_file

from mnistlab.errors import CheckpointError
from mnistlab.stats.predictions import (
    EDGES,
    Disagreement,
    Predictions,
    calibration_bins,
    calibration_error,
    disagreement,
    discordance,
    load_predictions,
    save_predictions,
)
from mnistlab.stats.score import Score

Arrays = dict[str, NDArray[Any]]


@pytest.fixture
def predictions() -> Predictions:
    random = np.random.default_rng(0)
    labels = random.integers(0, 10, 500).astype(np.uint8)
    read = np.where(random.random(500) < 0.1, random.integers(0, 10, 500), labels).astype(np.uint8)
    return Predictions(labels, read, random.random(500).astype(np.float32))


def test_confusion_counts_every_pair(predictions: Predictions) -> None:
    counts = predictions.confusion()
    for label, read in itertools.product(range(10), repeat=2):
        pairs = zip(predictions.labels, predictions.predicted, strict=True)
        assert counts[label, read] == sum(pair == (label, read) for pair in pairs)
    assert counts.sum() == 500
    scores = [score for score in predictions.by_digit() if score]
    assert sum(score.errors for score in scores) == predictions.score.errors
    assert sum(score.count for score in scores) == 500


def test_a_digit_without_images_has_no_score() -> None:
    zeros = np.zeros(3, np.uint8)
    scores = Predictions(zeros, zeros, np.ones(3, np.float32)).by_digit()
    assert scores == [Score(0, 3)] + [None] * 9


def test_the_most_confident_error_comes_first(predictions: Predictions) -> None:
    order = predictions.errors_by_confidence()
    assert set(order) == {
        n for n in range(500) if predictions.labels[n] != predictions.predicted[n]
    }
    confidences = predictions.confidence[order]
    assert all(a >= b for a, b in itertools.pairwise(confidences))


def test_every_prediction_is_in_one_bin_and_the_ece_is_their_mean_distance(
    predictions: Predictions,
) -> None:
    edges = np.array(EDGES, np.float32)
    predictions = Predictions(
        predictions.labels, predictions.predicted, predictions.confidence.copy()
    )
    predictions.confidence[: len(edges)] = edges
    bins = calibration_bins(predictions)
    assert sum(each.score.count for each in bins) == 500
    distance = 0.0
    for each in bins:
        inside = [
            n
            for n, confidence in enumerate(predictions.confidence)
            if each.low <= confidence < each.high or (each.high == 1 and confidence == 1)
        ]
        assert len(inside) == each.score.count
        right = sum(predictions.labels[n] == predictions.predicted[n] for n in inside)
        confidence = sum(float(predictions.confidence[n]) for n in inside)
        distance += abs(confidence - right)
    assert calibration_error(predictions) == pytest.approx(distance / 500)


def test_mcnemar_s_p_value_is_the_fraction_of_coin_tosses_that_are_at_least_as_uneven() -> None:
    for few, many in itertools.product(range(7), repeat=2):
        count = few + many
        tosses = list(itertools.product((0, 1), repeat=count))
        far = abs(few - many)
        uneven = sum(abs(count - 2 * sum(toss)) >= far for toss in tosses)
        found = Disagreement(np.arange(few), np.arange(many)).p_value
        assert found == pytest.approx(uneven / len(tosses))


def test_mcnemar_s_p_value_is_right_for_large_counts() -> None:
    p = Disagreement(np.arange(4000), np.arange(5000)).p_value
    z = 1000 / math.sqrt(9000)
    assert 0 < p < 1e-20 and p == pytest.approx(math.erfc(z / math.sqrt(2)), rel=0.1)
    assert Disagreement(np.arange(3000), np.arange(3000)).p_value == 1


def test_disagreement_lists_the_images_that_only_one_network_classifies(
    predictions: Predictions,
) -> None:
    other = Predictions(
        predictions.labels, np.roll(predictions.predicted, 1), predictions.confidence
    )
    apart = disagreement(predictions, other)
    for index in range(500):
        one, two = not predictions.is_wrong[index], not other.is_wrong[index]
        assert (index in apart.only_first_correct) == (one and not two)
        assert (index in apart.only_second_correct) == (two and not one)
    strangers = Predictions(
        predictions.labels[:9], predictions.predicted[:9], predictions.confidence[:9]
    )
    with pytest.raises(CheckpointError, match="different images"):
        disagreement(predictions, strangers)


def test_discordance_is_of_the_images_that_the_pairs_share() -> None:
    labels, confidence = np.zeros(10, np.uint8), np.ones(10, np.float32)

    def misreads(*images: int) -> Predictions:
        read = labels.copy()
        read[list(images)] = 1
        return Predictions(labels, read, confidence)

    one = (misreads(0, 1), misreads(1, 2, 3))
    assert discordance([one]) == pytest.approx(0.3), "one seed: the images that only one reads"
    other = (misreads(2, 4), misreads(0))
    # Image 0: gained, then lost. 2: lost, then gained. 3: lost once of two. 4: gained once of two.
    assert discordance([one, other]) == pytest.approx((0.25 + 0.25) / 10)
    short = Predictions(labels[:9], labels[:9], confidence[:9])
    with pytest.raises(CheckpointError, match="different images"):
        discordance([one, (short, short)])
    with pytest.raises(ValueError, match="pairs"):
        discordance([])


def test_predictions_are_loaded_as_they_were_saved(
    predictions: Predictions, tmp_path: Path
) -> None:
    path = tmp_path / "predictions.safetensors"
    save_predictions(path, predictions)
    back = load_predictions(path)
    for name in ("labels", "predicted", "confidence"):
        assert np.array_equal(getattr(back, name), getattr(predictions, name))
    assert path.stat().st_size < 100_000


def test_files_that_hold_no_predictions_are_refused(
    predictions: Predictions, tmp_path: Path
) -> None:
    path = tmp_path / "predictions.safetensors"
    with pytest.raises(CheckpointError, match="not finished"):
        load_predictions(path)
    good: Arrays = {
        name: getattr(predictions, name) for name in ("labels", "predicted", "confidence")
    }
    nan = predictions.confidence.copy()
    nan[3] = np.nan
    damaged: list[Arrays] = [
        {"labels": predictions.labels},
        good | {"read": predictions.predicted[:-1]},
        good | {"read": np.full(500, 10, np.uint8)},
        good | {"read": predictions.predicted.astype(np.int64)},
        good | {"confidence": nan},
        good | {"confidence": predictions.confidence + 1},
        good | {"more": predictions.predicted},
        {name: value[:0] for name, value in good.items()},
        {name: value.reshape(50, 10) for name, value in good.items()},
    ]
    for wrong in damaged:
        save_file(wrong, path)
        with pytest.raises(CheckpointError, match="damaged"):
            load_predictions(path)
    save_predictions(path, predictions)
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(CheckpointError, match="damaged"):
        load_predictions(path)
