"""What a layer costs besides parameters: activation memory, and the terms of its training time."""

from dataclasses import dataclass

from mnistlab.arch.summary import LayerSummary, NetworkSummary

FLOAT_BYTES = 4
"""Bytes of a float32."""


def activation_bytes(row: LayerSummary) -> int:
    """Bytes of a row's output for one image in float32.

    Training keeps all rows' activations of a whole batch until the backward pass.
    """
    return FLOAT_BYTES * row.out_channels * row.out_size**2


def activation_memory(result: NetworkSummary) -> int:
    """Bytes of all rows' activations for one image."""
    return sum(activation_bytes(row) for row in result.rows)


@dataclass(frozen=True)
class CostTerms:
    """The terms that the training time of one image is linear in, for a row or a whole network.

    `images` is 1 for a whole network and 0 for a row: loading, augmentation and loss belong to no
    row. `calls` are operator calls per batch, divided by the batch size. `macs` are
    multiply–accumulates with a 3×3's channels padded to multiples of eight, the SIMD width;
    `values`, `normed` and `dropped` count activations written, normalized and dropped out.
    """

    images: float
    calls: float
    macs: float
    values: float
    normed: float
    dropped: float


def layer_cost(row: LayerSummary, batch: int) -> CostTerms:
    """The cost terms of one row for one image of a batch."""
    efforts = [one.effort for one in row.operations]
    return CostTerms(
        images=0,
        calls=sum(one.calls for one in efforts) / batch,
        macs=sum(one.macs for one in efforts),
        values=sum(one.values for one in efforts),
        normed=sum(one.normed for one in efforts),
        dropped=sum(one.dropped for one in efforts),
    )
