"""A checkpoint's uncertainty model: temperature scaling and an out-of-distribution (OOD) score.

*Temperature scaling*: the logits are divided by a temperature before softmax, so that predictions
with 90% confidence are correct in 90% of cases (C. Guo et al., "On calibration of modern neural
networks", 2017). *OOD score*: the Mahalanobis distance of a network's features to the nearest of
ten classes, after K. Lee et al., "A simple unified framework for detecting out-of-distribution
samples and adversarial attacks" (2018); `uncertainty.features` defines the features. Unlike there,
each class has a covariance and a threshold of its own: eights vary more than ones. A covariance is
the mean of the class' own and the shared one, as in J. H. Friedman, "Regularized discriminant
analysis" (1989).

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

REJECTION_RATE = 0.008
"""Fraction of the validation images above the OOD threshold."""
SHRINKAGE = 3e-3
"""Of a covariance toward the identity, relative to its mean variance."""
OWN_COVARIANCE = 0.5
"""Weight of a class' own covariance; the rest is the shared one."""
MAX_FEATURES = 512
"""A network with more features only gets a temperature."""
MAX_BYTES = 3 << 20
TEMPERATURES = np.geomspace(0.2, 5, 65)

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class UncertaintyModel:
    """A temperature, and an OOD detector for D features.

    `temperature` divides logits. `means` (K, D) of the K classes in the training set, `whitening`
    (K, D, D) lower triangular, which makes distances of the classes comparable; (1, D, D) in files
    of earlier versions. `ood_threshold` is the distance that a fraction REJECTION_RATE of the
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
            _distances(features, self.means, self.whitening).min(0) / self.ood_threshold
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
            means, whitening = _fit_classes(train_features, train_labels)
            whitening = _with_equal_quantiles(means, whitening, val_features, val_labels)
            # Rounded as in the file, so that the threshold fits the rounded values.
            means, whitening = (
                each.astype(np.float16).astype(np.float32) for each in (means, whitening)
            )
            distances = _distances(val_features, means, whitening).min(0)
            threshold = float(np.quantile(distances, 1 - REJECTION_RATE))
        # Half precision ends at 65,504; activations without batch norm may exceed it.
        if all(np.isfinite(each).all() for each in (means, whitening, threshold)):
            return UncertaintyModel(temperature, means, whitening, max(1e-6, threshold))
    return temperature_only(temperature)


def temperature_only(temperature: float) -> UncertaintyModel:
    """A model without an OOD detector."""
    return UncertaintyModel(
        temperature, np.zeros((0, 0), np.float32), np.zeros((1, 0, 0), np.float32), 0.0
    )


def fit_temperature(logits: Floats, labels: NDArray[np.int64]) -> float:
    """The one of TEMPERATURES with the smallest cross-entropy of logits (N, 10), labels (N,)."""

    def loss(temperature: float) -> float:
        scaled = (logits - logits.max(1, keepdims=True)).astype(np.float64) / temperature
        true_class = scaled[np.arange(len(labels)), labels]
        return float((np.log(np.exp(scaled).sum(1)) - true_class).mean())

    return float(min(TEMPERATURES, key=loss))


def _fit_classes(features: Floats, labels: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """The mean (K, D) of each class, and its whitening transform (K, D, D)."""
    classes = [features[labels == label].astype(np.float64) for label in np.unique(labels)]
    means = [each.mean(0) for each in classes]
    own = [np.cov(each, rowvar=False, bias=True) for each in classes]
    shared = np.average(own, 0, [len(each) for each in classes])
    # Constant features would have an infinite inverse; the floor keeps it within half precision.
    floor = SHRINKAGE * max(float(np.diag(shared).mean()), 1e-5) * np.eye(len(shared))
    mixed = [OWN_COVARIANCE * each + (1 - OWN_COVARIANCE) * shared + floor for each in own]
    # |(f - m) W|² is the Mahalanobis distance for W W' = the inverse covariance.
    whitening = np.linalg.cholesky(np.linalg.inv(mixed))
    return np.asarray(means, np.float32), whitening.astype(np.float32)


def _with_equal_quantiles(
    means: Floats, whitening: Floats, features: Floats, labels: NDArray[np.int64]
) -> Floats:
    """The whitening scaled such that each class has the same quantile of its images' distances."""
    distances, digits = _distances(features, means, whitening), np.unique(labels)
    if len(digits) != len(means):
        return whitening  # too few images to compare the classes
    pairs = zip(distances, digits, strict=True)
    quantiles = [np.quantile(each[labels == digit], 1 - REJECTION_RATE) for each, digit in pairs]
    limits = np.maximum(quantiles, 1e-6)
    scale = np.sqrt(limits / limits.mean())
    scaled: Floats = (whitening / scale[:, None, None]).astype(np.float32)
    return scaled


def _distances(features: Floats, means: Floats, whitening: Floats) -> Floats:
    """The squared Mahalanobis distance (K, N) to each of the means, divided by D."""
    transforms = np.broadcast_to(whitening, (len(means), *whitening.shape[1:]))
    each = [
        (((features - mean) @ transform) ** 2).sum(1) / features.shape[1]
        for mean, transform in zip(means, transforms, strict=True)
    ]
    return np.asarray(each, np.float32)


def save_uncertainty(path: Path, uncertainty: UncertaintyModel) -> None:
    """Save a model in half precision, with only the triangles of the whitening: a small file."""
    triangle = uncertainty.whitening[:, *np.tril_indices(uncertainty.whitening.shape[1])]
    # Contiguous, because safetensors writes an array's memory, whatever its strides.
    tensors = {
        "temperature": np.array([uncertainty.temperature]),
        "ood_threshold": np.array([uncertainty.ood_threshold]),
        "means": uncertainty.means.astype(np.float16),
        "whitening": np.ascontiguousarray(triangle, np.float16),
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
        and triangle.shape[-1:] == (size * (size + 1) // 2,)
        and triangle.shape[:-1] in ((), (1,), (len(means),))
    ):
        raise ValueError("its tensors do not match each other")
    if size not in (0, feature_count(spec)):
        raise ValueError(f"it belongs to another network than {spec}")
    # Files of earlier versions have one triangle for all classes.
    triangles = triangle[None] if triangle.ndim == 1 else triangle
    whitening = np.zeros((len(triangles), size, size), np.float32)
    whitening[:, *np.tril_indices(size)] = triangles
    return UncertaintyModel(
        float(temperature[0]), means.astype(np.float32), whitening, float(ood_threshold[0])
    )
