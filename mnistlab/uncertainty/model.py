"""A checkpoint's uncertainty model: temperature scaling and an out-of-distribution (OOD) score.

*Temperature scaling*: the logits are divided by a temperature before softmax, so that predictions
with 90% confidence are correct in 90% of cases (C. Guo et al., "On calibration of modern neural
networks", 2017). *OOD score*: the Mahalanobis distance of a network's features to the nearest of
ten classes, after K. Lee et al., "A simple unified framework for detecting out-of-distribution
samples and adversarial attacks" (2018); `uncertainty.features` defines the features. Unlike there,
each class has a covariance and a threshold of its own: eights vary more than ones. A covariance is
the mean of the class' own and the shared one, as in J. H. Friedman, "Regularized discriminant
analysis" (1989), of which the few directions are kept in which it differs most from the shared one:
twelve notice as much as all, in a quarter of the file.

Both are fitted on training and validation images and saved in a file next to the checkpoint. The
validation images are the test images under the *article* protocol, and training images under *all
data*, where the temperature is therefore slightly too low.
"""

from dataclasses import dataclass, replace
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

REJECTION_RATE = 0.008
"""Fraction of the validation images above the OOD threshold."""
SHRINKAGE = 3e-3
"""Of a covariance toward the identity, relative to its mean variance."""
OWN_COVARIANCE = 0.5
"""Weight of a class' own covariance; the rest is the shared one."""
DIRECTIONS = 12
"""Directions in which a class differs from the shared covariance."""
MAX_FEATURES = 512
"""A network with more features only gets a temperature."""
MAX_BYTES = 1 << 20
TEMPERATURES = np.geomspace(0.2, 5, 65)

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class UncertaintyModel:
    """A temperature, and an OOD detector for D features.

    `temperature` divides logits. `means` (K, D) are those of the K classes in the training set,
    `whitening` (D, D) is lower triangular: |(f - m) W|² is the Mahalanobis distance of the shared
    covariance. Class k adds `gains` (K, R) times the squares along its `directions` (K, R, D) in
    the whitened space, and multiplies by its `scale` (K,), which makes distances of the classes
    comparable. `ood_threshold` is the distance that a fraction REJECTION_RATE of the validation
    images exceeds. D and the threshold are 0 if the network is too wide.
    """

    temperature: float
    means: Floats
    whitening: Floats
    directions: Floats
    gains: Floats
    scale: Floats
    ood_threshold: float

    def ood_scores(self, features: Floats) -> Floats | None:
        """Distances of features (N, D) in units of the threshold: (N,), above 1 for OOD inputs.

        None if the network is too wide.
        """
        return self.distances(features).min(0) / self.ood_threshold if self.ood_threshold else None

    def distances(self, features: Floats) -> Floats:
        """The distance (K, N) of features (N, D) to each class, divided by D."""
        classes = zip(self.means, self.directions, self.gains, self.scale, strict=True)
        each = []
        for mean, directions, gains, scale in classes:
            whitened = (features - mean) @ self.whitening
            own = ((whitened @ directions.T) ** 2) @ gains
            each.append(scale * ((whitened**2).sum(1) + own) / features.shape[1])
        return np.asarray(each, np.float32)


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
            # Rounded as in the file, so that the scales and the threshold fit the rounded values.
            means, whitening, directions, gains = (
                each.astype(np.float16).astype(np.float32)
                for each in _fit_classes(train_features, train_labels)
            )
            scale = np.ones(len(means), np.float32)
            fitted = UncertaintyModel(temperature, means, whitening, directions, gains, scale, 0.0)
            fitted = _with_equal_quantiles(fitted, val_features, val_labels)
            distances = fitted.distances(val_features).min(0)
            threshold = float(np.quantile(distances, 1 - REJECTION_RATE))
        # Half precision ends at 65,504; activations without batch norm may exceed it.
        tensors = (means, whitening, directions, gains, fitted.scale)
        if np.isfinite(threshold) and all(np.isfinite(each).all() for each in tensors):
            return replace(fitted, ood_threshold=max(1e-6, threshold))
    return temperature_only(temperature)


def temperature_only(temperature: float) -> UncertaintyModel:
    """A model without an OOD detector."""
    none, zeros = np.zeros(0, np.float32), np.zeros((0, 0), np.float32)
    directions = np.zeros((0, 0, 0), np.float32)
    return UncertaintyModel(temperature, zeros, zeros, directions, zeros, none, 0.0)


def fit_temperature(logits: Floats, labels: NDArray[np.int64]) -> float:
    """The one of TEMPERATURES with the smallest cross-entropy of logits (N, 10), labels (N,)."""

    def loss(temperature: float) -> float:
        scaled = (logits - logits.max(1, keepdims=True)).astype(np.float64) / temperature
        true_class = scaled[np.arange(len(labels)), labels]
        return float((np.log(np.exp(scaled).sum(1)) - true_class).mean())

    return float(min(TEMPERATURES, key=loss))


def _fit_classes(
    features: Floats, labels: NDArray[np.int64]
) -> tuple[Floats, Floats, Floats, Floats]:
    """The means (K, D), the shared whitening (D, D), each class' directions and their gains."""
    classes = [features[labels == label].astype(np.float64) for label in np.unique(labels)]
    means = [each.mean(0) for each in classes]
    own = [np.cov(each, rowvar=False, bias=True) for each in classes]
    shared = np.average(own, 0, [len(each) for each in classes])
    # Constant features would have an infinite inverse; the floor keeps it within half precision.
    floor = SHRINKAGE * max(float(np.diag(shared).mean()), 1e-5) * np.eye(len(shared))
    whitening = np.linalg.cholesky(np.linalg.inv(shared + floor))
    directions, gains = [], []
    for each in own:
        mixed = OWN_COVARIANCE * each + (1 - OWN_COVARIANCE) * shared + floor
        # In the whitened space the shared covariance is the identity. Along an eigenvector of the
        # class' covariance, the squared distance counts 1 / its eigenvalue times.
        values, vectors = np.linalg.eigh(whitening.T @ mixed @ whitening)
        weights = 1 / values
        # All but a few directions count the same; the class' scale takes care of how much.
        usual = np.exp(np.median(np.log(weights)))
        chosen = np.argsort(-np.abs(weights - usual))[:DIRECTIONS]
        directions.append(vectors[:, chosen].T)
        gains.append(weights[chosen] / usual - 1)
    return (
        np.asarray(means, np.float32),
        whitening.astype(np.float32),
        np.asarray(directions, np.float32),
        np.asarray(gains, np.float32),
    )


def _with_equal_quantiles(
    fitted: UncertaintyModel, features: Floats, labels: NDArray[np.int64]
) -> UncertaintyModel:
    """The model scaled such that each class has the same quantile of its images' distances."""
    distances, digits = fitted.distances(features), np.unique(labels)
    if len(digits) != len(fitted.means):
        return fitted  # too few images to compare the classes
    pairs = zip(distances, digits, strict=True)
    quantiles = [np.quantile(each[labels == digit], 1 - REJECTION_RATE) for each, digit in pairs]
    limits = np.maximum(quantiles, 1e-6)
    return replace(fitted, scale=(limits.mean() / limits).astype(np.float32))


def save_uncertainty(path: Path, uncertainty: UncertaintyModel) -> None:
    """Save a model in half precision, with only the triangle of the whitening: a small file."""
    triangle = uncertainty.whitening[np.tril_indices(len(uncertainty.whitening))]
    # Contiguous, because safetensors writes an array's memory, whatever its strides.
    tensors = {
        "temperature": np.array([uncertainty.temperature]),
        "ood_threshold": np.array([uncertainty.ood_threshold]),
        "means": uncertainty.means.astype(np.float16),
        "whitening": np.ascontiguousarray(triangle, np.float16),
        "directions": np.ascontiguousarray(uncertainty.directions, np.float16),
        "gains": uncertainty.gains.astype(np.float16),
        "scale": uncertainty.scale.astype(np.float32),
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
    # Files of earlier versions have the shared covariance alone.
    directions = tensors.get("directions", np.zeros((len(means), 0, size), np.float16))
    gains = tensors.get("gains", np.zeros(directions.shape[:2], np.float16))
    scale = tensors.get("scale", np.ones(len(means), np.float32))
    if not (
        temperature.shape == ood_threshold.shape == (1,)
        and 0.99 * TEMPERATURES[0] < temperature[0] < 1.01 * TEMPERATURES[-1]
        and ood_threshold[0] >= 0
        and size <= MAX_FEATURES
        and (size > 0) == (ood_threshold[0] > 0)
        and triangle.shape == (size * (size + 1) // 2,)
        and directions.shape == (*gains.shape, size)
        and gains.shape[:1] == scale.shape == (len(means),)
        and all(each.dtype.kind == "f" and np.isfinite(each).all() for each in (directions, gains))
        and scale.dtype.kind == "f"
        and (scale > 0).all()
    ):
        raise ValueError("its tensors do not match each other")
    if size not in (0, feature_count(spec)):
        raise ValueError(f"it belongs to another network than {spec}")
    whitening = np.zeros((size, size), np.float32)
    whitening[np.tril_indices(size)] = triangle
    return UncertaintyModel(
        float(temperature[0]),
        means.astype(np.float32),
        whitening,
        directions.astype(np.float32),
        gains.astype(np.float32),
        scale.astype(np.float32),
        float(ood_threshold[0]),
    )
