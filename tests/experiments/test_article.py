"""The article's accuracies compared with ours: which differences have an interval, and of what."""

import math
import statistics

import numpy as np
import pytest

from mnistlab.arch.presets import ArticleResult
from mnistlab.experiments.article import compare_with_article
from mnistlab.training.epoch import Epoch

ARTICLE = ArticleResult(12_874, train=99.45, validation=99.45)


def epoch(train: float, errors: int) -> Epoch:
    return Epoch(1, 0.1, train, 0.1, errors, 10_000, 0.1, 1.0, 1.0)


def test_one_seed_has_an_interval_of_the_images_and_training_has_none() -> None:
    best = epoch(0.99, 58)
    train, validation = compare_with_article(ARTICLE, [([best, epoch(0.9946, 90)], best)])
    assert train.ours == 0.9946, "training is the last epoch's"
    assert train.margin_95 is None and str(train).endswith("99.45% in the article (+0.01 pp).")
    assert validation.ours == pytest.approx(0.9942) and validation.margin_95
    assert str(validation) == (
        "Validation: 99.42% here, 99.45% in the article "
        "(−0.03 pp; 95% CI of the images ±0.21 pp; seeds not included)."
    )
    assert len(compare_with_article(ArticleResult(1, train=99.9), [([best], best)])) == 1


def test_the_interval_of_the_images_is_that_of_two_equally_accurate_networks() -> None:
    generator = np.random.default_rng(0)
    ours, theirs = (generator.binomial(10_000, 0.9945, 20_000) / 10_000 for _ in range(2))
    best = epoch(0.99, 55)
    margin = compare_with_article(ARTICLE, [([best], best)])[1].margin_95
    assert margin == pytest.approx(1.96 * float((ours - theirs).std()), rel=0.03)


def test_several_seeds_widen_the_interval() -> None:
    errors = [50, 95, 60, 120]
    runs = [([epoch(0.99, n)], epoch(0.99, n)) for n in errors]
    train, validation = compare_with_article(ARTICLE, runs)
    assert validation.n_seeds == train.n_seeds == 4 and "mean of 4 seeds" in str(validation)
    accuracies = [1 - n / 10_000 for n in errors]
    half = 3.1824 * statistics.stdev(accuracies) * math.sqrt(1 + 1 / 4)
    assert validation.margin_95 == pytest.approx(half, rel=1e-4)
    assert "seeds not included" not in str(validation)
    one = compare_with_article(ARTICLE, runs[:1])[1].margin_95
    same = compare_with_article(ARTICLE, runs[:1] * 3)[1].margin_95
    assert same == one, "identical seeds do not remove the sampling error of the images"
