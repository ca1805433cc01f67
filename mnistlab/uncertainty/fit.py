"""Fit a checkpoint's uncertainty model to MNIST's digits, some drawn again, and made-up drawings.

MNIST's validation images alone would make a network look better than it is on drawings: they are
much like its training images. So half of the images that the temperature and the threshold are
fitted on are validation digits drawn again with the Draw page's pen. The validation images are the
test images under the *article* protocol, and training images under *all data*.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from mnistlab.data.mnist import LabeledImages
from mnistlab.training.evaluate import Report, ignore
from mnistlab.uncertainty.features import logits_and_features
from mnistlab.uncertainty.lines import Lines, center_lines
from mnistlab.uncertainty.model import (
    MAX_FEATURES,
    Detector,
    Floats,
    UncertaintyModel,
    fit_temperature,
)
from mnistlab.uncertainty.nondigits import nondigits, redrawn_digits

REJECTION_RATE = 0.01
"""Fraction of the validation images, half of them drawn again, below the detector's threshold.

Chosen on half of the writers of `benchmarks/nonsense.py`, who write more alike than all of them.
"""
HIDDEN = 128
NOISE = 0.5
"""Standard deviation of noise on the standardized features: what is made up differs from what
people draw, so the detector must not learn its details.
"""
WEIGHT_DECAY = 0.3
PEAK_RATE = 6e-3
EPOCHS = 30
BATCH = 256
SCALE_FLOOR = 0.01
"""Of a feature's scale, relative to the mean one; a dead filter's would be 0."""


@dataclass(frozen=True)
class FitSize:
    """Numbers of images: of the training set, drawn again, made up, of the validation set, and of
    that drawn again. A smaller set gives all it has, and fewer made-up drawings.
    """

    train: int
    redrawn: int
    nondigits: int
    validation: int
    redrawn_validation: int


AFTER_RUN = FitSize(2500, 1500, 4000, 2000, 1000)
"""A few seconds, which somebody waits for."""
THOROUGH = FitSize(5000, 6000, 16_000, 5000, 3000)
TEMPERATURE_ONLY = FitSize(1, 0, 0, 1000, 500)
"""For a network too wide for more."""


def fit_uncertainty(
    network: nn.Sequential,
    train: LabeledImages,
    validation: LabeledImages,
    report: Report = ignore,
    size: FitSize = AFTER_RUN,
) -> UncertaintyModel:
    """Fit an uncertainty model to the first training and validation images.

    The network must be in evaluation mode. `report` is called with the number of images that are
    done. The same images give the same model.
    """
    n_features = logits_and_features(network, validation.images[:1])[1].shape[1]
    has_detector = 0 < n_features <= MAX_FEATURES
    size, generator = size if has_detector else TEMPERATURE_ONLY, np.random.default_rng(0)
    # What is known to be digits: as MNIST has them, and drawn again.
    held_out = validation[: size.validation]
    redrawn, _ = _redrawn(validation, size.redrawn_validation, generator)
    logits, features = logits_and_features(
        network, torch.cat([held_out.images, redrawn.images]), report
    )
    labels = torch.cat([held_out.labels, redrawn.labels]).cpu().numpy()
    temperature = fit_temperature(*_balanced(logits, labels, len(held_out)))
    if not has_detector:
        return UncertaintyModel(temperature)
    # What the detector learns from.
    again, lines = _redrawn(train, size.redrawn, generator)
    count = round(size.nondigits * len(lines) / size.redrawn)
    made_up = torch.from_numpy(nondigits(count, lines, generator))
    digits = torch.cat([train.images[: size.train], again.images])
    _, learned = logits_and_features(network, torch.cat([digits, made_up]), report)
    detector = fit_detector(learned[: len(digits)], learned[len(digits) :])
    if detector is None or not np.isfinite(features).all():
        return UncertaintyModel(temperature)
    log_odds, is_redrawn = detector.log_odds(features), np.arange(len(labels)) >= len(held_out)
    threshold = _weighted_quantile(log_odds, is_redrawn, REJECTION_RATE)
    return UncertaintyModel(temperature, replace(detector, threshold=threshold))


def _redrawn(
    digits: LabeledImages, count: int, generator: np.random.Generator
) -> tuple[LabeledImages, list[Lines]]:
    """The first digits drawn again, and their center lines."""
    some = digits[:count]
    lines = center_lines(some.images.cpu().numpy())
    images = redrawn_digits(lines, some.labels.tolist(), generator)
    return LabeledImages(torch.from_numpy(images), some.labels), lines


def _balanced(
    logits: Floats, labels: NDArray[np.int64], first: int
) -> tuple[Floats, NDArray[np.int64]]:
    """As many of the `first` images as of the others, so that both weigh the same."""
    count = min(first, len(labels) - first)
    places = np.r_[:count, first : first + count]
    return logits[places], labels[places]


def _weighted_quantile(values: Floats, is_second: NDArray[np.bool_], fraction: float) -> float:
    """The value that a fraction of two groups is below, each group counted as a half."""
    weights = np.where(is_second, 0.5 / is_second.sum(), 0.5 / (~is_second).sum())
    order = np.argsort(values)
    below = np.cumsum(weights[order])
    return float(values[order[np.searchsorted(below, fraction)]])


def fit_detector(digits: Floats, others: Floats) -> Detector | None:
    """Fit a detector to features (N, D) of digits and (M, D) of others, with a threshold of 0.

    None if some are not finite.
    """
    features = np.concatenate([digits, others])
    with np.errstate(over="ignore", invalid="ignore"):
        mean, scale = digits.mean(0), features.std(0)
        # Without a floor, rounding errors of a constant feature would count like any other.
        scale = scale + SCALE_FLOOR * max(float(scale.mean()), 1e-6)
        zeros = np.zeros(HIDDEN, np.float32)
        weights = np.zeros((len(mean), HIDDEN), np.float32)
        untrained = Detector(mean, scale, weights, zeros, zeros, 0.0)
        inputs = torch.from_numpy(untrained.standardized(features))
    if not (np.isfinite(mean).all() and np.isfinite(scale).all() and inputs.isfinite().all()):
        return None
    is_digit = torch.cat([torch.ones(len(digits)), torch.zeros(len(others))])
    hidden, bias, output = _train(inputs, is_digit)
    # Rounded as in the file, so that the threshold fits the rounded weights.
    return replace(
        untrained,
        hidden=hidden.astype(np.float16).astype(np.float32),
        hidden_bias=bias,
        output=output,
    )


def _train(inputs: torch.Tensor, is_digit: torch.Tensor) -> tuple[Floats, Floats, Floats]:
    """Weights (D, H), biases (H,) and output weights (H,) for inputs (N, D), by AdamW."""
    # Generators of its own: the run's random numbers are not touched.
    generator = torch.Generator().manual_seed(0)
    n_features = inputs.shape[1]
    hidden = torch.randn(n_features, HIDDEN, generator=generator) * (2 / n_features) ** 0.5
    output = torch.randn(HIDDEN, generator=generator) * (2 / HIDDEN) ** 0.5
    bias, offset = torch.zeros(HIDDEN), torch.zeros(1)
    parameters = [each.requires_grad_() for each in (hidden, bias, output, offset)]
    steps = max(1, EPOCHS * len(inputs) // BATCH)
    optimizer = torch.optim.AdamW(parameters, PEAK_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_RATE, total_steps=steps + 1)
    for _ in range(steps):
        places = torch.randint(len(inputs), (BATCH,), generator=generator)
        noise = NOISE * torch.randn(BATCH, n_features, generator=generator)
        units = torch.relu((inputs[places] + noise) @ hidden + bias)
        loss = functional.binary_cross_entropy_with_logits(
            units @ output + offset, is_digit[places]
        )
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    return hidden.detach().numpy(), bias.detach().numpy(), output.detach().numpy()
