"""Batch norm, ReLU and dropout as loops over channels-last maps, compiled by numba.

PyTorch makes up to ten passes over the maps where two forward and two backward do, and its batch
norm takes channels-last maps a few values at a time. Here maps (N, C, H, W) are what they are in
memory, float32 values with the channels innermost, and are walked in rows of about LANES values,
a whole number of pixels. The compiler can then fill its vector registers even if C is 10.

All functions let go of the GIL and use the caller's thread alone, so that the same input gives the
same bits on any number of threads.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Function = TypeVar("Function", bound=Callable[..., Any])

LANES = 1024
"""Values of a row: few enough for a row of sums to stay in the first-level cache."""
FLUSH = 64
"""Rows that are summed in float32 before their sums are added to those in float64."""


def _compiled(function: Function) -> Function:
    """Compile at the first call, and keep the machine code on the disk for later processes.

    A multiplication and an addition may become one instruction; nothing is reordered.
    """

    def compiled(cache: bool) -> Function:
        compiler = numba.njit(nogil=True, cache=cache, error_model="numpy", fastmath={"contract"})
        return cast(Function, compiler(function))

    try:
        return compiled(cache=True)
    except RuntimeError:
        # Neither this folder nor the user's can be written: each process compiles for itself.
        return compiled(cache=False)


@_compiled
def norm_forward(
    maps: Floats,
    residual: Floats,
    scale: Floats,
    shift: Floats,
    running_mean: Floats,
    running_var: Floats,
    momentum: float,
    epsilon: float,
    factor: float,
    result: Floats,
) -> tuple[Floats, Floats]:
    """Batch norm of `maps`, plus `residual`, then ReLU, times `factor`, into `result`.

    Maps are flat (M·C,), the rest is per channel (C,); an empty `residual` adds nothing. The
    running statistics are updated in place as PyTorch does. Returns the batch's mean and the
    inverse of its standard deviation. S. Ioffe & C. Szegedy, "Batch Normalization" (2015),
    algorithm 1.
    """
    channels = len(scale)
    count = len(maps) // channels
    # Sums of differences from the running mean: squares of large values would cancel badly.
    sums, squares = _moments(maps, running_mean)
    mean, inverse = np.empty(channels, np.float32), np.empty(channels, np.float32)
    slope, offset = np.empty(channels, np.float32), np.empty(channels, np.float32)
    for c in range(channels):
        difference = sums[c] / count
        variance = max(squares[c] / count - difference * difference, 0.0)
        mean[c] = running_mean[c] + difference
        inverse[c] = 1 / np.sqrt(variance + epsilon)
        # PyTorch's running variance is the unbiased one.
        unbiased = variance * count / max(count - 1, 1)
        running_mean[c] += momentum * difference
        running_var[c] += momentum * (unbiased - running_var[c])
        # ReLU(x) · factor = ReLU(x · factor): one multiplication and one addition do it all.
        slope[c] = scale[c] * inverse[c] * factor
        offset[c] = shift[c] * factor - mean[c] * slope[c]
    _affine_relu(maps, residual, slope, offset, factor, result)
    return mean, inverse


@_compiled
def norm_backward(
    maps: Floats,
    gradient: Floats,
    scale: Floats,
    mean: Floats,
    inverse: Floats,
    factor: float,
    result: Floats,
) -> tuple[Floats, Floats]:
    """The gradients of scale and shift (C,); `gradient` becomes that of `maps`, in place.

    `gradient` counts only where `result` is positive: elsewhere ReLU or dropout has ended it.
    Ioffe & Szegedy (2015), section 3.
    """
    channels = len(scale)
    count = len(maps) // channels
    sums, products = _gradient_sums(maps, gradient, mean, result)
    scale_gradient = np.empty(channels, np.float32)
    shift_gradient = np.empty(channels, np.float32)
    # The gradient of a value x is slope · g + pull · (x − mean) + offset, per channel.
    slope, pull = np.empty(channels, np.float32), np.empty(channels, np.float32)
    offset = np.empty(channels, np.float32)
    for c in range(channels):
        scale_gradient[c] = products[c] * inverse[c] * factor
        shift_gradient[c] = sums[c] * factor
        slope[c] = scale[c] * inverse[c] * factor
        pull[c] = -slope[c] * products[c] * inverse[c] * inverse[c] / count
        offset[c] = -slope[c] * sums[c] / count
    _norm_gradient(maps, gradient, slope, pull, offset, mean, result)
    return scale_gradient, shift_gradient


@_compiled
def scaled_relu(maps: Floats, factor: float) -> None:
    """ReLU, times `factor`, in place."""
    scale = np.float32(factor)
    for i in range(len(maps)):
        maps[i] = max(maps[i], np.float32(0)) * scale


@_compiled
def zero(maps: Floats, indices: NDArray[np.int64]) -> None:
    """Set the values with these indices to 0."""
    for index in indices:
        maps[index] = 0


@_compiled
def relu_backward(gradient: Floats, factor: float, result: Floats) -> None:
    """`gradient` times `factor` where `result` is positive and 0 elsewhere, in place."""
    scale = np.float32(factor)
    for i in range(len(gradient)):
        gradient[i] = gradient[i] * scale if result[i] > 0 else np.float32(0)


@_compiled
def _row_length(channels: int) -> int:
    """About LANES, a multiple of `channels`."""
    return max(LANES // channels, 1) * channels


@_compiled
def _lanes(values: Floats) -> Floats:
    """Values per channel, repeated to a row's length."""
    row = np.empty(_row_length(len(values)), np.float32)
    for i in range(len(row)):
        row[i] = values[i % len(values)]
    return row


@_compiled
def _flush(row: Floats, totals: Doubles) -> None:
    """Add a row's sums to the totals per channel, and begin again at 0."""
    channels = len(totals)
    for start in range(0, len(row), channels):
        for c in range(channels):
            totals[c] += row[start + c]
            row[start + c] = 0


@_compiled
def _moments(maps: Floats, center: Floats) -> tuple[Doubles, Doubles]:
    """Sums and sums of squares of the differences from `center`, per channel."""
    channels = len(center)
    sums, squares = np.zeros(channels), np.zeros(channels)
    centers = _lanes(center)
    length = len(centers)
    row_sums, row_squares = np.zeros(length, np.float32), np.zeros(length, np.float32)
    n_rows = len(maps) // length
    for k in range(n_rows):
        row = maps[k * length : (k + 1) * length]
        for i in range(length):
            difference = row[i] - centers[i]
            row_sums[i] += difference
            row_squares[i] += difference * difference
        if k % FLUSH == FLUSH - 1:
            _flush(row_sums, sums)
            _flush(row_squares, squares)
    rest = maps[n_rows * length :]
    for i in range(len(rest)):
        difference = rest[i] - centers[i]
        row_sums[i] += difference
        row_squares[i] += difference * difference
    _flush(row_sums, sums)
    _flush(row_squares, squares)
    return sums, squares


@_compiled
def _gradient_sums(
    maps: Floats, gradient: Floats, center: Floats, result: Floats
) -> tuple[Doubles, Doubles]:
    """Sums of the gradient, and of its products with the differences from `center`, per channel."""
    channels = len(center)
    sums, products = np.zeros(channels), np.zeros(channels)
    centers = _lanes(center)
    length = len(centers)
    row_sums, row_products = np.zeros(length, np.float32), np.zeros(length, np.float32)
    n_rows = len(maps) // length
    for k in range(n_rows):
        start, stop = k * length, (k + 1) * length
        row, row_gradient, row_result = maps[start:stop], gradient[start:stop], result[start:stop]
        for i in range(length):
            passed = row_gradient[i] if row_result[i] > 0 else np.float32(0)
            row_sums[i] += passed
            row_products[i] += passed * (row[i] - centers[i])
        if k % FLUSH == FLUSH - 1:
            _flush(row_sums, sums)
            _flush(row_products, products)
    start = n_rows * length
    for i in range(len(maps) - start):
        passed = gradient[start + i] if result[start + i] > 0 else np.float32(0)
        row_sums[i] += passed
        row_products[i] += passed * (maps[start + i] - centers[i])
    _flush(row_sums, sums)
    _flush(row_products, products)
    return sums, products


@_compiled
def _affine_relu(
    maps: Floats, residual: Floats, slope: Floats, offset: Floats, factor: float, result: Floats
) -> None:
    """ReLU of slope · maps + offset + factor · residual, into `result`."""
    slopes, offsets, weight = _lanes(slope), _lanes(offset), np.float32(factor)
    length = len(slopes)
    for start in range(0, len(maps), length):
        stop = min(start + length, len(maps))
        row, row_result = maps[start:stop], result[start:stop]
        if len(residual):
            row_residual = residual[start:stop]
            for i in range(stop - start):
                value = slopes[i] * row[i] + offsets[i] + weight * row_residual[i]
                row_result[i] = max(value, np.float32(0))
        else:
            for i in range(stop - start):
                row_result[i] = max(slopes[i] * row[i] + offsets[i], np.float32(0))


@_compiled
def _norm_gradient(
    maps: Floats,
    gradient: Floats,
    slope: Floats,
    pull: Floats,
    offset: Floats,
    center: Floats,
    result: Floats,
) -> None:
    """slope · gradient, where it counts, + pull · (maps − center) + offset, into `gradient`."""
    slopes, pulls, offsets, centers = _lanes(slope), _lanes(pull), _lanes(offset), _lanes(center)
    length = len(slopes)
    for start in range(0, len(maps), length):
        stop = min(start + length, len(maps))
        row, row_gradient, row_result = maps[start:stop], gradient[start:stop], result[start:stop]
        for i in range(stop - start):
            passed = row_gradient[i] if row_result[i] > 0 else np.float32(0)
            row_gradient[i] = slopes[i] * passed + pulls[i] * (row[i] - centers[i]) + offsets[i]
