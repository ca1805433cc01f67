"""A checkpoint's uncertainty model: temperature scaling and an out-of-distribution (OOD) score.

*Temperature scaling*: the logits are divided by a temperature before softmax, so that predictions
with 90% confidence are correct in 90% of cases (C. Guo et al., "On calibration of modern neural
networks", 2017). *OOD score*: how much likelier an input is no digit than a digit. A network with
one hidden layer tells them apart by the classifier's own feature maps (`uncertainty.features`); it
has learned from digits and from made-up drawings of what is none, as in D. Hendrycks et al., "Deep
anomaly detection with outlier exposure" (2019).

`uncertainty.fit` fits both; they are saved in a file next to the checkpoint.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors
from numpy.typing import NDArray
from safetensors.numpy import load, save

from mnistlab.arch.blocks import LayerType
from mnistlab.arch.spec import Spec
from mnistlab.arch.summary import summarize
from mnistlab.atomic import write_atomic
from mnistlab.errors import CheckpointError, LabError

FORMAT = 2
"""Of the file. The first one's OOD score, a Mahalanobis distance, rejected five times as many
digits and noticed less; only its temperature is read.
"""
MAX_FEATURES = 512
"""A network with more features only gets a temperature."""
MAX_HIDDEN = 256
MAX_BYTES = 1 << 20
MAX_STANDARDIZED = 8.0
"""Standard deviations: what is farther from a digit's features counts as this far."""
TEMPERATURES = np.geomspace(0.2, 5, 65)

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Detector:
    """Tells digits from what is none, by D features.

    A feature minus its `mean` (D,), divided by its `scale` (D,), is the input of H hidden units
    with weights `hidden` (D, H) and `hidden_bias` (H,), ReLU, and of one output with weights
    `output` (H,): the logarithm of the odds that the input is a digit. Inputs whose output is below
    `threshold` are out of distribution.
    """

    mean: Floats
    scale: Floats
    hidden: Floats
    hidden_bias: Floats
    output: Floats
    threshold: float

    def log_odds(self, features: Floats) -> Floats:
        """The output for features (N, D): (N,), up to a constant that the threshold has, too."""
        hidden = self.standardized(features) @ self.hidden + self.hidden_bias
        log_odds: Floats = np.maximum(hidden, 0) @ self.output
        return log_odds

    def standardized(self, features: Floats) -> Floats:
        """Features (N, D) as the hidden units have them."""
        within: Floats = np.clip(
            (features - self.mean) / self.scale, -MAX_STANDARDIZED, MAX_STANDARDIZED
        )
        return within


@dataclass(frozen=True, eq=False)
class UncertaintyModel:
    """A temperature, which divides logits, and a detector, if the network is not too wide."""

    temperature: float
    detector: Detector | None = None

    def ood_scores(self, features: Floats) -> Floats | None:
        """The odds of features (N, D) that the input is no digit, in units of those at the
        threshold: (N,), above 1 for OOD inputs. None without a detector.
        """
        if self.detector is None:
            return None
        beyond = self.detector.threshold - self.detector.log_odds(features)
        scores: Floats = np.exp(np.clip(beyond, -50, 50)).astype(np.float32)
        return scores


def feature_count(spec: Spec) -> int:
    """The number of features of a network, as in `uncertainty.features`."""
    rows = (row for row in summarize(spec).rows if row.kind is LayerType.CONV)
    return sum(row.out_channels * (2 if row.out_size > 1 else 1) for row in rows)


def uncertainty_path(checkpoint: Path) -> Path:
    """The file of a checkpoint's uncertainty model."""
    return checkpoint.with_suffix(".uncertainty")


def fit_temperature(logits: Floats, labels: NDArray[np.int64]) -> float:
    """The one of TEMPERATURES with the smallest cross-entropy of logits (N, 10), labels (N,)."""

    def loss(temperature: float) -> float:
        scaled = (logits - logits.max(1, keepdims=True)).astype(np.float64) / temperature
        true_class = scaled[np.arange(len(labels)), labels]
        return float((np.log(np.exp(scaled).sum(1)) - true_class).mean())

    return float(min(TEMPERATURES, key=loss))


def save_uncertainty(path: Path, uncertainty: UncertaintyModel) -> None:
    """Save a model; the weights in half precision."""
    tensors = {"format": np.array([float(FORMAT)]), "temperature": [uncertainty.temperature]}
    if detector := uncertainty.detector:
        tensors |= {
            "mean": detector.mean.astype(np.float32),
            "scale": detector.scale.astype(np.float32),
            "hidden": detector.hidden.astype(np.float16),
            "hidden_bias": detector.hidden_bias.astype(np.float32),
            "output": detector.output.astype(np.float32),
            "threshold": [detector.threshold],
        }
    # Contiguous, because safetensors writes an array's memory, whatever its strides.
    write_atomic(path, save({name: np.ascontiguousarray(each) for name, each in tensors.items()}))


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
        tensors = load(content)
        temperature = tensors["temperature"]
    except (safetensors.SafetensorError, KeyError, TypeError) as error:
        raise ValueError(str(error)) from None
    if not all(each.dtype.kind == "f" and np.isfinite(each).all() for each in tensors.values()):
        raise ValueError("it holds values that are not numbers")
    if not (
        temperature.shape == (1,)
        and 0.99 * TEMPERATURES[0] < temperature[0] < 1.01 * TEMPERATURES[-1]
    ):
        raise ValueError(f"its temperature is not one number from 0.2 to 5: {temperature.shape}")
    if "format" not in tensors:
        return UncertaintyModel(float(temperature[0]))
    if tensors["format"].tolist() != [FORMAT]:
        raise ValueError("it is of a newer version")
    detector = _detector(tensors, spec) if "hidden" in tensors else None
    return UncertaintyModel(float(temperature[0]), detector)


def _detector(tensors: dict[str, NDArray[np.floating]], spec: Spec) -> Detector:
    """The detector of a parsed file. Raises ValueError if it is none, or another network's."""
    names = ("mean", "scale", "hidden", "hidden_bias", "output", "threshold")
    if missing := [name for name in names if name not in tensors]:
        raise ValueError(f"it has no {missing[0]}")
    mean, scale, hidden, hidden_bias, output, threshold = (
        tensors[name].astype(np.float32) for name in names
    )
    if not (
        hidden.ndim == 2
        and 0 < hidden.shape[0] <= MAX_FEATURES
        and 0 < hidden.shape[1] <= MAX_HIDDEN
        and mean.shape == scale.shape == hidden.shape[:1]
        and hidden_bias.shape == output.shape == hidden.shape[1:]
        and threshold.shape == (1,)
        and (scale > 0).all()
    ):
        raise ValueError("its tensors do not match each other")
    if len(mean) != feature_count(spec):
        raise ValueError(f"it belongs to another network than {spec}")
    return Detector(mean, scale, hidden, hidden_bias, output, float(threshold[0]))
