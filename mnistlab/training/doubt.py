"""How far a network's answers can be trusted: how sure it is, and whether it saw a digit at all.

*How sure*: a temperature that the ten scores are divided by before they become probabilities, so
that of the answers given with 90 % nine in ten are right (C. Guo et al., "On calibration of modern
neural networks", 2017). *A digit at all*: the distance of what the layers see from what they see in
training digits, after K. Lee et al., "A simple unified framework for detecting out-of-distribution
samples and adversarial attacks" (2018): Mahalanobis, to the nearest of ten means with one
covariance. Here it is taken of all 3×3 layers at once, of each map's mean and deviation.

Both are fitted on training and validation digits alone and kept in a file beside the checkpoint.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import safetensors
import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from mnistlab.atomic import write_whole
from mnistlab.data.mnist import Digits, normalise
from mnistlab.training.record import CheckpointError

FITTED = 5000
"""Digits of either kind that are looked at."""
REJECTED = 0.005
"""The share of validation digits that is given up as no digits."""
SHRINKAGE = 1e-3
"""Of the covariance towards a multiple of the unit matrix, relative to its mean variance."""
MOST = 512
"""Features of a network too wide to be worth it: its answers are only made as sure as they are."""
BATCH = 500
MAX_BYTES = 4 << 20
TEMPERATURES = torch.logspace(math.log10(0.2), math.log10(5), 65)


@dataclass(frozen=True, eq=False)
class Doubt:
    """`temperature` divides scores. With D features: `means` (10, D), `whitening` (D, D) lower
    triangular, `limit` the distance that REJECTED of the validation digits exceed; D may be 0.
    """

    temperature: float
    means: Tensor
    whitening: Tensor
    limit: float

    def strangeness(self, features: Tensor) -> Tensor | None:
        """Distances of features (N, D) in units of the limit: (N,), above 1 for what is no digit;
        None where the network is too wide.
        """
        return _distance(features, self.means, self.whitening) / self.limit if self.limit else None


def beside(checkpoint: Path) -> Path:
    """Where a checkpoint's doubt is kept."""
    return checkpoint.with_suffix(".doubt")


def scores_and_features(network: nn.Sequential, images: Tensor) -> tuple[Tensor, Tensor]:
    """Scores (N, 10) and features (N, D) of images (N, 28, 28) uint8, in evaluation mode."""
    scores, features = [], []
    with torch.inference_mode():
        for part in torch.split(images, BATCH):
            maps = normalise(part).contiguous(memory_format=torch.channels_last)
            found = []
            for name, layer in network.named_children():
                maps = layer(maps)
                if name.startswith("conv"):
                    found.append(maps.mean((2, 3)))
                    if maps.shape[-1] > 1:
                        found.append(maps.std((2, 3)))
            scores.append(maps)
            features.append(torch.cat(found, 1) if found else maps[:, :0])
    return torch.cat(scores), torch.cat(features)


def fit(network: nn.Sequential, train: Digits, validation: Digits) -> Doubt:
    """Fit a network's doubt; it is left in evaluation mode."""
    network.eval()
    scores, held = scores_and_features(network, validation.images[:FITTED])
    temperature = fit_temperature(scores, validation.labels[:FITTED])
    if not 0 < held.shape[1] <= MOST:
        return Doubt(temperature, torch.zeros(10, 0), torch.zeros(0, 0), 0.0)
    _, known = scores_and_features(network, train.images[:FITTED])
    means, whitening = _fit_means(known, train.labels[:FITTED])
    distances = _distance(held, means, whitening)
    return Doubt(temperature, means, whitening, max(1e-6, _upper(distances, REJECTED)))


def fit_temperature(scores: Tensor, labels: Tensor) -> float:
    """The one of TEMPERATURES with the least cross-entropy of scores (N, 10) and labels (N,)."""
    losses = [
        nn.functional.cross_entropy(scores / one, labels).item() for one in TEMPERATURES.tolist()
    ]
    return float(TEMPERATURES[losses.index(min(losses))])


def _fit_means(features: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Each digit's mean, and what makes the spread around them the same in every direction."""
    means = torch.stack(
        [features[labels == digit].mean(0) for digit in range(10) if (labels == digit).any()]
    )
    places = torch.cumsum(torch.bincount(labels, minlength=10) > 0, 0) - 1
    spread = (features - means[places[labels]]).double()
    covariance = spread.T @ spread / len(spread)
    # The floor keeps a network that sees nothing from numbers that half precision cannot hold.
    floor = SHRINKAGE * covariance.diagonal().mean().clamp(min=1e-5)
    covariance += floor * torch.eye(len(covariance))
    # |(f - m) W|² is the Mahalanobis distance for W W' = the covariance's inverse.
    whitening = torch.linalg.cholesky(torch.linalg.inv(covariance)).float()
    # As the file keeps them, so that the limit is theirs.
    return means.half().float(), whitening.half().float()


def _distance(features: Tensor, means: Tensor, whitening: Tensor) -> Tensor:
    """The squared Mahalanobis distance (N,) to the nearest of the means, divided by D."""
    return torch.cdist(features @ whitening, means @ whitening).amin(1) ** 2 / features.shape[1]


def _upper(values: Tensor, share: float) -> float:
    """The value that a share of the values exceeds."""
    return float(values.quantile(1 - share))


def write(path: Path, doubt: Doubt) -> None:
    """Keep a doubt; half precision and the triangle alone, as a shipped file shall be small."""
    size = len(doubt.whitening)
    below = doubt.whitening[tuple(torch.tril_indices(size, size))]
    tensors = {
        "temperature": torch.tensor([doubt.temperature]),
        "limit": torch.tensor([doubt.limit]),
        "means": doubt.means.half(),
        "whitening": below.half(),
    }
    write_whole(path, save(tensors))


def read(path: Path) -> Doubt | None:
    """Read back what `write` wrote, None if it is not there.

    Raises CheckpointError if the file is damaged.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError("it is too large")
        return from_bytes(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{path.name} is damaged ({error}). Delete it, and the checkpoint answers without it."
        ) from None


def from_bytes(content: bytes) -> Doubt:
    """Raises ValueError if the bytes are not a doubt."""
    try:
        tensors = load(content)
        values = [tensors[name].float() for name in ("temperature", "limit", "means", "whitening")]
    except (safetensors.SafetensorError, KeyError, TypeError) as error:
        raise ValueError(str(error)) from None
    temperature, limit, means, below = values
    if not all(value.isfinite().all() for value in values):
        raise ValueError("it holds values that are not numbers")
    size = means.shape[1] if means.ndim == 2 else -1
    if not (
        temperature.shape == limit.shape == (1,)
        and temperature > 0
        and limit >= 0
        and size <= MOST
        and below.shape == (size * (size + 1) // 2,)
    ):
        raise ValueError("its parts do not fit together")
    whitening = torch.zeros(size, size)
    whitening[tuple(torch.tril_indices(size, size))] = below
    return Doubt(temperature.item(), means, whitening, limit.item())
