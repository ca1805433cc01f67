"""What a layer costs beside its parameters: memory for its maps, and what its time grows with."""

from dataclasses import dataclass

from mnistlab.arch.ledger import Kind, Ledger, Row
from mnistlab.arch.spec import Dropout, Spec

FLOAT = 4
"""Bytes of a float32."""


def activation_bytes(row: Row) -> int:
    """Bytes of the maps that a row hands to the next one, for one image in float32.

    To learn, all rows' maps are held until the gradient has come back, and for a whole batch.
    """
    return FLOAT * row.out_channels * row.out_size**2


def activation_memory(result: Ledger) -> int:
    """Bytes of all rows' maps for one image."""
    return sum(activation_bytes(row) for row in result.rows)


VECTOR = 8
"""Floats that a CPU's vector holds at the least."""


@dataclass(frozen=True)
class Work:
    """What the time to train one image grows with, in a row or in a whole network.

    `images` is 1 for a whole network and 0 for a row: reading, augmentation and loss are nobody's.
    `calls` are the row's share of the calls for a whole batch, batch norm's one apart. `macs` are
    multiply–accumulates with the channels of a 3×3 filled up to multiples of eight, as vectors are;
    the others values of maps that are written, normalised and dropped out one by one.
    """

    images: float
    calls: float
    macs: float
    values: float
    normed: float
    dropped: float


def row_work(spec: Spec, row: Row, batch: int) -> Work:
    """The work of one row for one image of a batch."""
    values = row.out_channels * row.out_size**2
    block = row.kind is Kind.CONV
    pooled = row.kind in (Kind.POOL, Kind.AVERAGE)
    elements = spec.dropout > 0 and spec.dropout_kind is Dropout.ELEMENT
    return Work(
        images=0,
        calls=(1 + (block and spec.batch_norm)) / batch,
        macs=_filled_macs(row) if block else row.macs,
        # A pool's work is in what it reads.
        values=row.in_channels * row.in_size**2 if pooled else values,
        normed=values * (block and spec.batch_norm),
        dropped=values * (block and elements),
    )


def _filled_macs(row: Row) -> int:
    """A 3×3 convolution's MACs on whole vectors of channels; a single one is read as it is."""
    inputs, outputs = (
        -(-channels // VECTOR) * VECTOR for channels in (row.in_channels, row.out_channels)
    )
    return row.kernel**2 * (inputs if row.in_channels > 1 else 1) * outputs * row.out_size**2
