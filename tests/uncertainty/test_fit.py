"""Fitting an uncertainty model, with a clear difference between digits and the rest."""

from pathlib import Path

import numpy as np
import pytest
import torch

from mnistlab.arch.build import build
from mnistlab.arch.spec import parse
from mnistlab.data.mnist import load
from mnistlab.uncertainty import fit, model
from mnistlab.uncertainty.features import logits_and_features
from mnistlab.uncertainty.fit import FitSize, fit_detector, fit_uncertainty
from mnistlab.uncertainty.lines import center_lines
from mnistlab.uncertainty.nondigits import nondigits
from tests.uncertainty.digits import random_digits

SMALL = FitSize(200, 40, 80, 100, 30)


def test_the_detector_separates_two_clouds_that_one_line_does_not() -> None:
    draw = np.random.default_rng(0)
    digits = draw.normal(0, 1, (2000, 4)).astype(np.float32)
    others = draw.normal(0, 1, (2000, 4)).astype(np.float32)
    others[:, 0] += draw.choice([-6, 6], 2000)
    detector = fit_detector(digits, others)
    assert detector is not None
    assert (detector.log_odds(digits) > np.median(detector.log_odds(others))).mean() > 0.99
    again = fit_detector(digits, others)
    assert again is not None and (again.hidden == detector.hidden).all()


def test_a_fraction_of_the_held_out_digits_is_rejected_half_of_it_drawn_again() -> None:
    values = np.arange(1000, dtype=np.float32)
    is_second = values < 100
    # A half of the weight is on the first hundred: 1% of it is two of them.
    assert fit._weighted_quantile(values, is_second, 0.0101) == 2
    assert fit._weighted_quantile(values, is_second, 0.5 + 0.0101) == 118


def test_made_up_drawings_are_rejected_more_often_than_digits(mnist_folder: Path) -> None:
    train = load(mnist_folder).train
    network = build(parse("8-p-16-p16-gap-bn"), 0).eval()
    size = FitSize(500, 200, 400, 300, 100)
    fitted = fit_uncertainty(network, train[:2000], train[50_000:52_000], size=size)
    generator = np.random.default_rng(7)
    lines = center_lines(train.images[53_000:53_030].numpy())
    shapes = torch.from_numpy(nondigits(200, lines, generator))
    strange, usual = (
        fitted.ood_scores(logits_and_features(network, images)[1])
        for images in (shapes, train.images[52_000:53_000])
    )
    assert strange is not None and usual is not None
    assert (strange > 1).mean() > 0.3 and (usual > 1).mean() < 0.03


def test_the_same_images_give_the_same_model_and_leave_other_random_numbers_alone() -> None:
    network = build(parse("4-p-8-p8-gap-bn"), 0).eval()
    torch.manual_seed(3)
    np.random.seed(3)
    before = torch.random.get_rng_state()
    first, second = (
        fit_uncertainty(network, random_digits(200), random_digits(100, 1), size=SMALL)
        for _ in range(2)
    )
    assert first.temperature == second.temperature
    assert first.detector and second.detector
    assert first.detector.threshold == second.detector.threshold
    assert (first.detector.output == second.detector.output).all()
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_wide_network_has_a_temperature_only(tmp_path: Path) -> None:
    wide = build(parse("300-gap"), 0).eval()
    fitted = fit_uncertainty(wide, random_digits(30), random_digits(30, 1), size=SMALL)
    assert fitted.detector is None and fitted.temperature > 0


@pytest.mark.parametrize("factor", [0.0, 1e30])
def test_a_network_without_usable_output_has_a_finite_model(factor: float) -> None:
    network = build(parse("4-p-8-gap"), 0).eval()
    for weights in network.parameters():
        weights.data.mul_(factor)
    fitted = fit_uncertainty(network, random_digits(60), random_digits(60, 1), size=SMALL)
    assert np.isfinite(fitted.temperature)
    if fitted.detector is not None:
        assert all(
            np.isfinite(each).all() for each in (fitted.detector.hidden, fitted.detector.output)
        )


def test_the_shipped_sizes_are_within_the_file_s_bounds() -> None:
    assert fit.HIDDEN <= model.MAX_HIDDEN
    assert fit.AFTER_RUN.nondigits < fit.THOROUGH.nondigits
