"""What a layer costs beside its parameters: memory for its maps, and what its time grows with."""

from dataclasses import dataclass

from mnistlab.arch.summary import LayerSummary, NetworkSummary

FLOAT_BYTES = 4
"""Bytes of a float32."""


def activation_bytes(row: LayerSummary) -> int:
    """Bytes of the maps that a row hands to the next one, for one image in float32.

    To learn, all rows' maps are held until the gradient has come back, and for a whole batch.
    """
    return FLOAT_BYTES * row.out_channels * row.out_size**2


def activation_memory(result: NetworkSummary) -> int:
    """Bytes of all rows' maps for one image."""
    return sum(activation_bytes(row) for row in result.rows)


@dataclass(frozen=True)
class CostTerms:
    """What the time to train one image grows with, in a row or in a whole network.

    `images` is 1 for a whole network and 0 for a row: reading, augmentation and loss are nobody's.
    `calls` are the row's share of the calls for a whole batch, batch norm's one apart. `macs` are
    multiply–accumulates with the channels of a 3×3 filled up to multiples of eight, as vectors are;
    the others values of maps that are written, normalized and dropped out one by one.
    """

    images: float
    calls: float
    macs: float
    values: float
    normed: float
    dropped: float


def layer_cost(row: LayerSummary, batch: int) -> CostTerms:
    """The work of one row for one image of a batch."""
    efforts = [one.effort for one in row.operations]
    return CostTerms(
        images=0,
        calls=sum(one.calls for one in efforts) / batch,
        macs=sum(one.macs for one in efforts),
        values=sum(one.values for one in efforts),
        normed=sum(one.normed for one in efforts),
        dropped=sum(one.dropped for one in efforts),
    )
