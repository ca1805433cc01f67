"""A trained network as JSON for `network.js`: its operations with their shapes, and its numbers.

Batch norm is folded into the convolution before it, so that the reader needs none.
"""

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistlab.arch.blocks import LayerType
from mnistlab.arch.operation import Operation
from mnistlab.arch.summary import LayerSummary, summarize
from mnistlab.data.dataset import MNIST
from mnistlab.data.options import TTA_VIEWS
from mnistlab.takehome.trained_network import TrainedNetwork, Weights
from mnistlab.uncertainty.model import MAX_STANDARDIZED, UncertaintyModel

NORM_EPSILON = 1e-5
"""PyTorch's default, which `arch.build` keeps."""
TYPES = {
    "nn.Conv2d": "convolution",
    "nn.Linear": "convolution",
    "nn.MaxPool2d": "maxPool",
    "nn.AvgPool2d": "average",
    "nn.ReLU": "relu",
    "nn.LeakyReLU": "leaky",
    "nn.GELU": "gelu",
    "Add": "add",
}
"""The functions of `network.js`. A linear layer is a 1×1 convolution of 1×1 maps."""
NO_EFFECT = ("nn.Flatten", "nn.Dropout", "nn.Dropout2d")
"""In an evaluation, with maps stored channel by channel."""
NORM = "nn.BatchNorm2d"


def network_description(trained: TrainedNetwork) -> dict[str, Any]:
    """What `makeReader` in `reader.js` takes.

    `layers` are the rows of the network summary. An operation's `weights` and `biases` are where
    they start among all weights. `isFeature`: the layer's maps are features of the OOD score.
    """
    numbers: list[NDArray[np.float32]] = []
    layers = []
    for row in summarize(trained.record.spec).rows:
        operations = _operations(row, trained.weights, numbers)
        if operations:
            is_feature = row.kind is LayerType.CONV
            layers.append({"name": row.name, "isFeature": is_feature, "operations": operations})
    return {
        "layers": layers,
        "weights": _encoded(np.concatenate(numbers), "f4"),
        "mean": MNIST.mean,
        "std": MNIST.std,
        "views": TTA_VIEWS,
        "temperature": trained.temperature,
        "notADigit": _ood_detector(trained.uncertainty),
    }


def _operations(
    row: LayerSummary, weights: Weights, numbers: list[NDArray[np.float32]]
) -> list[dict[str, Any]]:
    """A row's operations; their weights are appended to `numbers`."""
    norm = next((one for one in row.operations if one.torch == NORM), None)
    # Batch norm follows the last convolution of its block.
    convolutions = [
        one for one in row.operations if f"{one.name}.weight" in weights and one != norm
    ]
    operations = []
    for one in row.operations:
        if one.torch in NO_EFFECT or one.torch == NORM:
            continue
        description: dict[str, Any] = {
            "type": "depthwise" if one.depthwise else TYPES[one.torch],
            "input": _map_shape(one.inputs),
            "output": _map_shape(one.output),
            "kernel": one.kernel,
            "padding": one.padding,
        }
        if one in convolutions:
            folded = norm if one is convolutions[-1] else None
            kernels, biases = _folded(one, folded, weights)
            description["weights"] = sum(map(len, numbers))
            numbers.append(kernels.ravel())
            description["biases"] = None if biases is None else sum(map(len, numbers))
            numbers += [] if biases is None else [biases]
        operations.append(description)
    return operations


def _map_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """(channels, height, width), also of a vector, whose elements are channels."""
    return shape if len(shape) == 3 else (*shape, 1, 1)


def _folded(
    one: Operation, norm: Operation | None, weights: Weights
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """A convolution's weights and biases (None without), with the batch norm that follows it.

    Batch norm computes γ (x − μ) / √(σ² + ε) + β, which is linear in the convolution's output x.
    """
    kernels, biases = weights[f"{one.name}.weight"], weights.get(f"{one.name}.bias")
    if norm is None:
        return kernels, biases
    scale, shift, mean, variance = (
        weights[f"{norm.name}.{name}"].astype(np.float64)
        for name in ("weight", "bias", "running_mean", "running_var")
    )
    factor = scale / np.sqrt(variance + NORM_EPSILON)
    offset = shift + factor * ((0 if biases is None else biases) - mean)
    return (
        (kernels * factor.reshape(-1, *[1] * (kernels.ndim - 1))).astype(np.float32),
        offset.astype(np.float32),
    )


def _ood_detector(uncertainty: UncertaintyModel | None) -> dict[str, Any] | None:
    """What `oodScore` in `not_a_digit.js` takes; None without an OOD detector."""
    if uncertainty is None or uncertainty.detector is None:
        return None
    detector = uncertainty.detector
    # 8 bits a weight, with a step of its own for each feature, change the log odds by hundredths.
    steps = np.abs(detector.hidden).max(1, keepdims=True, initial=1e-9) / 127
    return {
        "mean": _encoded(detector.mean, "f4"),
        "scale": _encoded(detector.scale, "f4"),
        "limit": MAX_STANDARDIZED,
        "steps": _encoded(steps, "f4"),
        "hidden": _encoded(np.round(detector.hidden / steps), "i1"),
        "hiddenBias": _encoded(detector.hidden_bias, "f4"),
        "output": _encoded(detector.output, "f4"),
        "threshold": detector.threshold,
    }


def _encoded(numbers: NDArray[np.float32], kind: str) -> dict[str, str]:
    """Numbers as base64: single precision ("f4"), little-endian, or bytes ("i1")."""
    content = numbers.astype(f"<{kind}").tobytes()
    return {"type": kind, "data": base64.b64encode(content).decode("ascii")}
