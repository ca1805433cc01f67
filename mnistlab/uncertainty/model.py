"""A checkpoint's uncertainty model: temperature scaling and an out-of-distribution (OOD) score.

*Temperature scaling*: the logits are divided by a temperature before softmax, so that predictions
with 90% confidence are correct in 90% of cases (C. Guo et al., "On calibration of modern neural
networks", 2017). *OOD score*: the Mahalanobis distance of a network's features to the nearest of
ten class means with a shared covariance, after K. Lee et al., "A simple unified framework for
detecting out-of-distribution samples and adversarial attacks" (2018); `uncertainty.features`
defines the features.

Both are fitted on training and validation images and saved in a file next to the checkpoint. The
validation images are the test images under the *article* protocol, and training images under *all
data*, where the temperature is therefore slightly too low.
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
"""Fraction of the validation images above the OOD threshold."""
SHRINKAGE = 1e-3
"""Of the covariance toward the identity, relative to its mean variance."""
MAX_FEATURES = 512
"""A network with more features only gets a temperature."""
MAX_BYTES = 1 << 20
TEMPERATURES = np.geomspace(0.2, 5, 65)

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class UncertaintyModel:
    """A temperature, and an OOD detector for D features.

    `temperature` divides logits. `means` (K, D) of the K classes in the training set, `whitening`
    (D, D) lower triangular, `ood_threshold` the distance that a fraction REJECTION_RATE of the
    validation images exceeds. D and the threshold are 0 if the network is too wide.
    """

    temperature: float
    means: Floats
    whitening: Floats
    ood_threshold: float

    def ood_scores(self, features: Floats) -> Floats | None:
        """Distances of features (N, D) in units of the threshold: (N,), above 1 for OOD inputs.

        None if the network is too wide.
        """
        return (
            _distance(features, self.means, self.whitening) / self.ood_threshold
            if self.ood_threshold
            else None
        )


def feature_count(spec: Spec) -> int:
    """The number of features of a network, as in `uncertainty.features`."""
    rows = (row for row in summarize(spec).rows if row.kind is LayerType.CONV)
    return sum(row.out_channels * (2 if row.out_size > 1 else 1) for row in rows)


def uncertainty_path(checkpoint: Path) -> Path:
    """The file of a checkpoint's uncertainty model."""
    return checkpoint.with_suffix(".uncertainty")


def fit_from_features(
    val_logits: Floats,
    val_labels: NDArray[np.int64],
    val_features: Floats,
    train_features: Floats,
    train_labels: NDArray[np.int64],
) -> UncertaintyModel:
    """Fit a model to logits (N, 10), labels (N,) and features (N, D) of validation images, and to
    features (M, D) and labels (M,) of training images.
    """
    temperature = fit_temperature(val_logits, val_labels)
    if 0 < val_features.shape[1] <= MAX_FEATURES:
        with np.errstate(over="ignore", invalid="ignore"):
            means, whitening = _fit_means(train_features, train_labels)
            distances = _distance(val_features, means, whitening)
            threshold = float(np.quantile(distances, 1 - REJECTION_RATE))
        # Half precision ends at 65,504; activations without batch norm may exceed it.
        if all(np.isfinite(each).all() for each in (means, whitening, threshold)):
            return UncertaintyModel(temperature, means, whitening, max(1e-6, threshold))
    return temperature_only(temperature)


def temperature_only(temperature: float) -> UncertaintyModel:
    """A model without an OOD detector."""
    return UncertaintyModel(
        temperature, np.zeros((0, 0), np.float32), np.zeros((0, 0), np.float32), 0.0
    )


def fit_temperature(logits: Floats, labels: NDArray[np.int64]) -> float:
    """The one of TEMPERATURES with the smallest cross-entropy of logits (N, 10), labels (N,)."""

    def loss(temperature: float) -> float:
        scaled = (logits - logits.max(1, keepdims=True)).astype(np.float64) / temperature
        true_class = scaled[np.arange(len(labels)), labels]
        return float((np.log(np.exp(scaled).sum(1)) - true_class).mean())

    return float(min(TEMPERATURES, key=loss))


def _fit_means(features: Floats, labels: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Each class mean, and the whitening transform of the shared covariance around them."""
    digits = np.unique(labels)
    means = np.stack([features[labels == digit].mean(0, dtype=np.float64) for digit in digits])
    residuals = features - means[np.searchsorted(digits, labels)]
    covariance = residuals.T @ residuals / len(residuals)
    # Constant features would have an infinite inverse; the floor keeps it within half precision.
    floor = SHRINKAGE * max(float(np.diag(covariance).mean()), 1e-5)
    # |(f - m) W|² is the Mahalanobis distance for W W' = the inverse covariance.
    whitening = np.linalg.cholesky(np.linalg.inv(covariance + floor * np.eye(len(covariance))))
    # Rounded as in the file, so that the threshold fits the rounded values.
    rounded = (each.astype(np.float16).astype(np.float32) for each in (means, whitening))
    rounded_means, rounded_whitening = rounded
    return rounded_means, rounded_whitening


def _distance(features: Floats, means: Floats, whitening: Floats) -> Floats:
    """The squared Mahalanobis distance (N,) to the nearest of the means, divided by D."""
    white, centers = features @ whitening, means @ whitening
    each = [((white - center) ** 2).sum(1) for center in centers]
    nearest: Floats = np.min(each, axis=0) / features.shape[1]
    return nearest


def save_uncertainty(path: Path, uncertainty: UncertaintyModel) -> None:
    """Save a model in half precision, with only the triangle of the whitening: a small file."""
    triangle = uncertainty.whitening[np.tril_indices(len(uncertainty.whitening))]
    tensors = {
        "temperature": np.array([uncertainty.temperature]),
        "ood_threshold": np.array([uncertainty.ood_threshold]),
        "means": uncertainty.means.astype(np.float16),
        "whitening": triangle.astype(np.float16),
    }
    write_atomic(path, save(tensors))


def load_uncertainty(path: Path, spec: Spec) -> UncertaintyModel | None:
    """Load what `save_uncertainty` saved; None if the file does not exist.

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
