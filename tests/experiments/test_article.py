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


def test_one_seed_gets_the_images_interval_and_training_gets_none() -> None:
    kept = epoch(0.99, 58)
    train, validation = compare_with_article(ARTICLE, [([kept, epoch(0.9946, 90)], kept)])
    assert train.here == 0.9946, "training is the last epoch's"
    assert train.noise is None and str(train).endswith("99.45% in the article (+0.01 pp).")
    assert validation.here == pytest.approx(0.9942) and validation.noise
    assert str(validation) == (
        "Validation: 99.42% here, 99.45% in the article "
        "(−0.03 pp; 95% CI of the images ±0.21 pp; seeds not included)."
    )
    assert len(compare_with_article(ArticleResult(1, train=99.9), [([kept], kept)])) == 1


def test_the_images_interval_is_that_of_two_networks_that_are_equally_good() -> None:
    generator = np.random.default_rng(0)
    ours, theirs = (generator.binomial(10_000, 0.9945, 20_000) / 10_000 for _ in range(2))
    kept = epoch(0.99, 55)
    noise = compare_with_article(ARTICLE, [([kept], kept)])[1].noise
    assert noise == pytest.approx(1.96 * float((ours - theirs).std()), rel=0.03)


def test_several_seeds_bring_their_own_interval() -> None:
    errors = [50, 95, 60, 120]
    runs = [([epoch(0.99, each)], epoch(0.99, each)) for each in errors]
    train, validation = compare_with_article(ARTICLE, runs)
    assert validation.seeds == train.seeds == 4 and "mean of 4 seeds" in str(validation)
    shares = [1 - each / 10_000 for each in errors]
    half = 3.1824 * statistics.stdev(shares) * math.sqrt(1 + 1 / 4)
    assert validation.noise == pytest.approx(half, rel=1e-4)
    assert "seeds not included" not in str(validation)
    one = compare_with_article(ARTICLE, runs[:1])[1].noise
    same = compare_with_article(ARTICLE, runs[:1] * 3)[1].noise
    assert same == one, "seeds that happen to agree leave the images' part"
