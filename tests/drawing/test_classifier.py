from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mnistlab import zoo
from mnistlab.arch.presets import LAB_PRESETS, Preset, find_preset
from mnistlab.arch.summary import BUDGET, summarize
from mnistlab.data.mnist import load, split_mnist
from mnistlab.data.options import Split
from mnistlab.drawing.classifier import Classifier, views_of
from mnistlab.drawing.digit import PreparedDigit, digit_from_ink
from mnistlab.drawing.prediction import Verdict
from mnistlab.drawing.strokes import digit_from_strokes
from mnistlab.recipe.defaults import default_recipe
from mnistlab.training import checkpoint
from mnistlab.training.evaluate import evaluate
from mnistlab.training.record import read_record
from mnistlab.uncertainty import model
from mnistlab.uncertainty.features import logits_and_features
from mnistlab.uncertainty.fit import REJECTION_RATE, THOROUGH, FitSize, fit_uncertainty
from tests.drawn_digits import DIGITS

PRETRAINED = zoo.checkpoints()


def test_target_4_is_pretrained_with_its_record_and_reaches_the_target_accuracy() -> None:
    path = zoo.checkpoint("target-4")
    assert path and path.stat().st_size < 100_000
    record, target = read_record(path), find_preset("target-4")
    assert target and record.spec == target.spec and record.recipe.split is Split.ARTICLE
    assert len(record.epochs) == record.recipe.epochs
    assert record.reported_score.accuracy >= 0.994


def test_the_default_checkpoint_was_trained_for_drawings_and_is_no_worse_on_mnist() -> None:
    record = read_record(zoo.default_checkpoint())
    assert (
        zoo.default_checkpoint().stat().st_size < 100_000 and record.recipe.split is Split.ARTICLE
    )
    assert record.recipe.augmentation.ranges.serifs, "no strokes that MNIST lacks"
    assert record.reported_score.accuracy >= 0.995


@pytest.mark.parametrize("digit", DIGITS)
def test_drawn_digits_are_classified_at_every_size(digit: int) -> None:
    classifier = Classifier(zoo.default_checkpoint())
    for size in (0.07, 0.3, 1.0):
        strokes = [[[round(x * size), round(y * size)] for x, y in s] for s in DIGITS[digit]]
        drawn = digit_from_strokes(strokes)
        assert drawn and classifier.predict(drawn).digit == digit, size


@pytest.mark.parametrize(
    "own", [each for each in LAB_PRESETS if each.name in zoo.SEED_ERRORS], ids=lambda own: own.name
)
def test_own_networks_are_pretrained_with_their_first_seed(own: Preset) -> None:
    path = zoo.checkpoint(own.name)
    assert path and path.stat().st_size < 100_000
    record, errors = read_record(path), zoo.SEED_ERRORS[own.name]
    assert record.spec == own.spec and record.recipe == replace(
        default_recipe(own.spec), split=Split.ALL
    )
    assert record.epoch == len(record.epochs) == record.recipe.epochs, "the last epoch"
    assert record.test and record.test.errors == errors[0] and not record.optimistic
    assert len(errors) >= 5


@pytest.mark.parametrize("path", PRETRAINED, ids=lambda path: path.stem)
def test_a_pretrained_record_has_its_weights_errors(path: Path, mnist_folder: Path) -> None:
    loaded = checkpoint.load_checkpoint(path)
    evaluation = evaluate(loaded.network, load(mnist_folder).test)
    assert abs(evaluation.score.errors - loaded.record.reported_score.errors) <= 1, (
        "one may tip in rounding"
    )
    assert summarize(loaded.record.spec).total <= BUDGET


def test_a_classifier_returns_ten_probabilities_and_classifies_mnist(mnist_folder: Path) -> None:
    classifier = Classifier(zoo.default_checkpoint())
    test = load(mnist_folder).test
    right = 0
    for image, label in zip(test.images[:200], test.labels[:200].tolist(), strict=True):
        digit = digit_from_ink(np.asarray(image))
        assert digit is not None
        prediction = classifier.predict(digit)
        assert len(prediction.probabilities) == 10 and min(prediction.probabilities) >= 0
        assert sum(prediction.probabilities) == pytest.approx(1)
        right += prediction.digit == label
    assert right >= 195


@pytest.mark.parametrize("path", PRETRAINED, ids=lambda path: path.stem)
def test_a_pretrained_uncertainty_model_is_its_command_s_fit(
    path: Path, mnist_folder: Path
) -> None:
    saved = model.load_uncertainty(model.uncertainty_path(path), read_record(path).spec)
    assert saved and model.uncertainty_path(path).stat().st_size < 100_000
    loaded = checkpoint.load_checkpoint(path)
    splits = split_mnist(load(mnist_folder), loaded.record.recipe.split)
    # The temperature does not depend on the rest, which takes long to fit.
    size = FitSize(1, 1, 1, THOROUGH.validation, THOROUGH.redrawn_validation)
    fitted = fit_uncertainty(loaded.network, splits.train, splits.validation, size=size)
    assert saved.temperature == pytest.approx(fitted.temperature, rel=0.06), "one step of the grid"
    features = logits_and_features(loaded.network, splits.validation.images[:2000])[1]
    scores = saved.ood_scores(features)
    assert scores is not None and 0 < (scores > 1).mean() < REJECTION_RATE


def test_scribbles_are_not_digits_and_digits_are() -> None:
    classifier, generator = Classifier(zoo.default_checkpoint()), np.random.default_rng(0)
    given_up = 0
    for _ in range(60):
        # Straight from one random place to the next, seven to twenty times.
        points = generator.uniform(0, 280, (int(generator.integers(7, 20)), 2)).tolist()
        digit = digit_from_strokes([points])
        assert digit is not None
        given_up += classifier.predict(digit).verdict is Verdict.NOT_A_DIGIT
    assert given_up >= 40
    for strokes in DIGITS.values():
        digit = digit_from_strokes(strokes)
        assert digit is not None and classifier.predict(digit).verdict is not Verdict.NOT_A_DIGIT


def test_tta_averages_the_logits_of_the_views() -> None:
    classifier = Classifier(zoo.default_checkpoint())
    digit = digit_from_strokes(DIGITS[8])
    assert digit is not None and classifier.uncertainty is not None
    each = [
        classifier.predict(
            PreparedDigit(digit.cropped, digit.scaled, image), tta=False
        ).probabilities
        for image in views_of(digit)
    ]
    mean = np.log(np.array(each, np.float64)).mean(0)
    expected = np.exp(mean - mean.max())
    actual = classifier.predict(digit).probabilities
    np.testing.assert_allclose(actual, expected / expected.sum(), rtol=1e-3)


def test_a_batch_has_each_digit_s_own_prediction() -> None:
    classifier = Classifier(zoo.default_checkpoint())
    digits = [digit for n in range(8) if (digit := digit_from_strokes(DIGITS[n]))]
    for tta in (True, False):
        together = classifier.predict_all(digits, tta)
        for digit, prediction in zip(digits, together, strict=True):
            alone = classifier.predict(digit, tta)
            assert prediction.probabilities == pytest.approx(alone.probabilities, abs=1e-4)
            assert prediction.ood_score == pytest.approx(alone.ood_score, rel=1e-3)
        assert [each.digit for each in together] == list(range(8))
    assert classifier.predict_all([]) == []
