"""How far a network's answers can be trusted: how sure it is, and whether it saw a digit at all.

*How sure*: a temperature that the ten scores are divided by before they become probabilities, so
that of the answers given with 90 % nine in ten are right (C. Guo et al., "On calibration of modern
neural networks", 2017). *A digit at all*: the distance of what the layers see from what they see in
training digits, after K. Lee et al., "A simple unified framework for detecting out-of-distribution
samples and adversarial attacks" (2018): Mahalanobis, to the nearest of ten means with one
covariance; `uncertainty.features` says of what.

Both are fitted on training and validation digits alone and kept in a file beside the checkpoint.
What a split calls validation digits are the test images under *article* and digits that were
trained on under *all*, where the temperature therefore comes out a little low.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors
from numpy.typing import NDArray
from safetensors.numpy import load, save

from mnistlab import legacy
from mnistlab.arch.blocks import LayerType
from mnistlab.arch.spec import Spec
from mnistlab.arch.summary import summarize
from mnistlab.atomic import write_atomic
from mnistlab.errors import CheckpointError, LabError

REJECTION_RATE = 0.005
"""The share of validation digits that is given up as no digits."""
SHRINKAGE = 1e-3
"""Of the covariance towards a multiple of the unit matrix, relative to its mean variance."""
MAX_FEATURES = 512
"""Features of a network too wide to be worth it: its answers are only made as sure as they are."""
MAX_BYTES = 1 << 20
TEMPERATURES = np.geomspace(0.2, 5, 65)

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class UncertaintyModel:
    """`temperature` divides scores. With D features: `means` (K, D) of the K digits that were
    trained on, `whitening` (D, D) lower triangular, `limit` the distance that REJECTED of the
    validation digits exceed. D and the limit are 0 where the network is too wide.
    """

    temperature: float
    means: Floats
    whitening: Floats
    ood_threshold: float

    def ood_scores(self, features: Floats) -> Floats | None:
        """Distances of features (N, D) in units of the limit: (N,), above 1 for what is no digit;
        None where the network is too wide.
        """
        return (
            _distance(features, self.means, self.whitening) / self.ood_threshold
            if self.ood_threshold
            else None
        )


def feature_count(spec: Spec) -> int:
    """How many features a network has: `uncertainty.features` takes them."""
    rows = (row for row in summarize(spec).rows if row.kind is LayerType.CONV)
    return sum(row.out_channels * (2 if row.out_size > 1 else 1) for row in rows)


def uncertainty_path(checkpoint: Path) -> Path:
    """Where a checkpoint's doubt is kept."""
    return checkpoint.with_suffix(".uncertainty")


def fit_from_features(
    scores: Floats, labels: NDArray[np.int64], held: Floats, known: Floats, of: NDArray[np.int64]
) -> UncertaintyModel:
    """Fit a doubt to a network's scores (N, 10), labels (N,) and features `held` (N, D) of
    validation digits, and features `known` (M, D) of training digits with the labels `of` (M,).
    """
    temperature = fit_temperature(scores, labels)
    if 0 < held.shape[1] <= MAX_FEATURES:
        with np.errstate(over="ignore", invalid="ignore"):
            means, whitening = _fit_means(known, of)
            limit = float(np.quantile(_distance(held, means, whitening), 1 - REJECTION_RATE))
        # Half precision ends at 65,504: maps of a network without batch norm may lie beyond.
        if all(np.isfinite(each).all() for each in (means, whitening, limit)):
            return UncertaintyModel(temperature, means, whitening, max(1e-6, limit))
    return temperature_only(temperature)


def temperature_only(temperature: float) -> UncertaintyModel:
    """The doubt of a network of which nothing more is known."""
    return UncertaintyModel(
        temperature, np.zeros((0, 0), np.float32), np.zeros((0, 0), np.float32), 0.0
    )


def fit_temperature(scores: Floats, labels: NDArray[np.int64]) -> float:
    """The one of TEMPERATURES with the least cross-entropy of scores (N, 10) and labels (N,)."""

    def loss(temperature: float) -> float:
        divided = (scores - scores.max(1, keepdims=True)).astype(np.float64) / temperature
        right = divided[np.arange(len(labels)), labels]
        return float((np.log(np.exp(divided).sum(1)) - right).mean())

    return float(min(TEMPERATURES, key=loss))


def _fit_means(features: Floats, labels: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Each digit's mean, and what makes the spread around them the same in every direction."""
    digits = np.unique(labels)
    means = np.stack([features[labels == digit].mean(0, dtype=np.float64) for digit in digits])
    spread = features - means[np.searchsorted(digits, labels)]
    covariance = spread.T @ spread / len(spread)
    # The floor keeps a network that sees nothing from numbers that half precision cannot hold.
    floor = SHRINKAGE * max(float(np.diag(covariance).mean()), 1e-5)
    # |(f - m) W|² is the Mahalanobis distance for W W' = the covariance's inverse.
    whitening = np.linalg.cholesky(np.linalg.inv(covariance + floor * np.eye(len(covariance))))
    # As the file keeps them, so that the limit is theirs.
    half = (each.astype(np.float16).astype(np.float32) for each in (means, whitening))
    rounded_means, rounded_whitening = half
    return rounded_means, rounded_whitening


def _distance(features: Floats, means: Floats, whitening: Floats) -> Floats:
    """The squared Mahalanobis distance (N,) to the nearest of the means, divided by D."""
    white, centers = features @ whitening, means @ whitening
    each = [((white - center) ** 2).sum(1) for center in centers]
    nearest: Floats = np.min(each, axis=0) / features.shape[1]
    return nearest


def save_uncertainty(path: Path, uncertainty: UncertaintyModel) -> None:
    """Keep a doubt; half precision and the triangle alone, as a shipped file shall be small."""
    below = uncertainty.whitening[np.tril_indices(len(uncertainty.whitening))]
    tensors = {
        "temperature": np.array([uncertainty.temperature]),
        "ood_threshold": np.array([uncertainty.ood_threshold]),
        "means": uncertainty.means.astype(np.float16),
        "whitening": below.astype(np.float16),
    }
    write_atomic(path, save(tensors))


def load_uncertainty(path: Path, spec: Spec) -> UncertaintyModel | None:
    """Read back what `save_uncertainty` wrote for a network, None if there is no file.

    Raises CheckpointError if the file is damaged or belongs to another network.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError("it is too large")
        return uncertainty_from_bytes(path.read_bytes(), spec)
    except FileNotFoundError:
        return None
    except (OSError, LabError, ValueError) as error:
        raise CheckpointError(
            f"{path.name} is damaged ({error}). Delete it; predictions are then uncalibrated."
        ) from None


def uncertainty_from_bytes(content: bytes, spec: Spec) -> UncertaintyModel:
    """Parse a file's content. Raises ValueError if it is not an uncertainty model of this network,
    SpecError if the network cannot be built.
    """
    try:
        tensors = legacy.rename(load(content), legacy.UNCERTAINTY_TENSORS)
        values = [tensors[name] for name in ("temperature", "ood_threshold", "means", "whitening")]
    except (safetensors.SafetensorError, KeyError, TypeError) as error:
        raise ValueError(str(error)) from None
    if not all(value.dtype.kind == "f" and np.isfinite(value).all() for value in values):
        raise ValueError("it holds values that are not numbers")
    temperature, ood_threshold, means, triangle = values
    size = means.shape[1] if means.ndim == 2 and len(means) <= 10 else MAX_FEATURES + 1
    if not (
        temperature.shape == ood_threshold.shape == (1,)
        and 0.99 * TEMPERATURES[0] < temperature[0] < 1.01 * TEMPERATURES[-1]
        and ood_threshold[0] >= 0
        and size <= MAX_FEATURES
        and (size > 0) == (ood_threshold[0] > 0)
        and triangle.shape == (size * (size + 1) // 2,)
    ):
        raise ValueError("its tensors do not match each other")
    if size not in (0, feature_count(spec)):
        raise ValueError(f"it belongs to another network than {spec}")
    whitening = np.zeros((size, size), np.float32)
    whitening[np.tril_indices(size)] = triangle
    return UncertaintyModel(
        float(temperature[0]), means.astype(np.float32), whitening, float(ood_threshold[0])
    )
