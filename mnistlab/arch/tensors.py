"""The tensors of a network's checkpoint: which there must be, and whether given ones are those.

Everything that reads a checkpoint checks it here before it uses or copies it. Equal sums of sizes
would not do: PyTorch would compute with integers, and with tensors under each other's names.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistlab.arch.operation import Shape
from mnistlab.arch.primitives import NORM_STATISTICS
from mnistlab.arch.spec import Spec
from mnistlab.arch.summary import summarize

Tensors = Mapping[str, NDArray[Any]]
"""Arrays by name."""
BATCH_COUNT = "num_batches_tracked"
"""Batch norm's counter, which a checkpoint does not have: with a fixed momentum nothing uses it."""
MAX_QUOTED = 60
"""Characters of a strange tensor's name in an error."""


def tensor_shapes(spec: Spec) -> dict[str, Shape]:
    """The shapes of a checkpoint's tensors by name, in the order of the layers.

    Raises SpecError if the network cannot be built.
    """
    return {
        f"{one.name}.{name}": shape
        for row in summarize(spec).rows
        for one in row.operations
        for name, shape in one.tensors
    }


def parameter_shapes(spec: Spec) -> dict[str, Shape]:
    """The shapes of the tensors that an optimizer changes, as in `tensor_shapes`."""
    statistics = tuple(f".{name}" for name in NORM_STATISTICS)
    return {n: shape for n, shape in tensor_shapes(spec).items() if not n.endswith(statistics)}


def check_weights(spec: Spec, tensors: Tensors) -> None:
    """Check that these are exactly the tensors of a checkpoint of the network: names, shapes, type
    and finite values.

    Raises ValueError that names the first wrong tensor, SpecError if the network cannot be built.
    """
    expected = tensor_shapes(spec)
    for name in expected:
        if name not in tensors:
            raise ValueError(f"it has no {name}, so its weights do not fit its network {spec}")
    for name in tensors:
        if name not in expected:
            raise ValueError(f"{name[:MAX_QUOTED]!r} is none of the tensors of its network {spec}")
    for name, shape in expected.items():
        check_float(name, tensors[name], shape)
        # The square root of a negative variance is no number.
        if name.endswith("running_var") and (tensors[name] < 0).any():
            raise ValueError(f"{name} has negative values")


def check_float(name: str, values: NDArray[Any], shape: Shape) -> None:
    """Raise ValueError unless these are finite 32-bit floats of this shape."""
    if values.shape != shape:
        raise ValueError(f"{name} has the shape {values.shape} instead of {shape}")
    if values.dtype != np.float32:
        raise ValueError(f"{name} has values of type {values.dtype} instead of float32")
    if not np.isfinite(values).all():
        raise ValueError(f"{name} has values that are NaN or infinite")
