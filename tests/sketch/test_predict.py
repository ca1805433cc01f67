from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mnistlab import zoo
from mnistlab.arch.ledger import BUDGET, ledger
from mnistlab.arch.presets import OWN, Preset, preset
from mnistlab.data.kinds import Augmentation, Split
from mnistlab.data.mnist import load
from mnistlab.sketch.digit import digit_from_ink
from mnistlab.sketch.predict import Reader
from mnistlab.sketch.strokes import digit_from_strokes
from mnistlab.training import checkpoint
from mnistlab.training.evaluate import evaluate
from mnistlab.training.record import read_record
from mnistlab.training.suggest import suggested
from tests.digits import DIGITS

SHIPPED = zoo.checkpoints()


def test_target_4_is_shipped_with_its_record_and_reaches_the_article_s_goal() -> None:
    path = zoo.shipped("target-4")
    assert path and path.stat().st_size < 100_000
    record, target = read_record(path), preset("target-4")
    assert target and record.spec == target.spec and record.recipe.split is Split.ARTICLE
    assert len(record.epochs) == record.recipe.epochs
    assert record.headline.accuracy >= 0.994


def test_what_reads_drawings_was_trained_for_them_and_is_no_worse_on_mnist() -> None:
    record = read_record(zoo.reader())
    assert zoo.reader().stat().st_size < 100_000 and record.recipe.split is Split.ARTICLE
    assert record.recipe.augmentation is Augmentation.HAND
    assert record.headline.accuracy >= 0.995


@pytest.mark.parametrize("digit", DIGITS)
def test_digits_as_people_draw_them_are_read_in_every_size(digit: int) -> None:
    reader = Reader(zoo.reader())
    for size in (0.07, 0.3, 1.0):
        strokes = [[[round(x * size), round(y * size)] for x, y in s] for s in DIGITS[digit]]
        drawn = digit_from_strokes(strokes)
        assert drawn and reader.read(drawn).digit == digit, size


@pytest.mark.parametrize("own", OWN, ids=lambda own: own.name)
def test_the_lab_s_own_are_shipped_as_their_study_s_first_seed(own: Preset) -> None:
    path = zoo.shipped(own.name)
    assert path and path.stat().st_size < 100_000
    record, errors = read_record(path), zoo.STUDIES[own.name]
    assert record.spec == own.spec and record.recipe == replace(
        suggested(own.spec), split=Split.ALL
    )
    assert record.epoch == len(record.epochs) == record.recipe.epochs, "the last epoch"
    assert record.test and record.test.errors == errors[0] and not record.optimistic
    assert len(errors) >= 5


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_record_is_what_its_weights_do(path: Path, mnist_folder: Path) -> None:
    loaded = checkpoint.read(path)
    seen = evaluate(loaded.network, load(mnist_folder).test)
    assert abs(seen.score.errors - loaded.record.headline.errors) <= 1, "one may tip in rounding"
    assert ledger(loaded.record.spec).total <= BUDGET


def test_a_reader_gives_ten_probabilities_and_reads_mnist(mnist_folder: Path) -> None:
    reader = Reader(zoo.reader())
    test = load(mnist_folder).test
    right = 0
    for image, label in zip(test.images[:200], test.labels[:200].tolist(), strict=True):
        digit = digit_from_ink(np.asarray(image))
        assert digit is not None
        reading = reader.read(digit)
        assert len(reading.probabilities) == 10 and min(reading.probabilities) >= 0
        assert sum(reading.probabilities) == pytest.approx(1)
        right += reading.digit == label
    assert right >= 195
