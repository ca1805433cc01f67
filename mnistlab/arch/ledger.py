"""What a network costs and sees, layer by layer, computed without building it.

Receptive field r, jump j (input pixels between neighbouring units) and start s (first input pixel
that the first unit sees) follow Dumoulin & Visin, "A guide to convolution arithmetic for deep
learning" (2016) and Araujo, Norris & Sim, "Computing receptive fields of convolutional neural
networks" (Distill, 2019): for kernel k, stride d and padding p::

    r' = r + (k - 1)·j        s' = s - p·j        j' = j·d
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from mnistlab.arch.spec import CLASSES, Conv, Head, Spec, SpecError, named

INPUT_SIZE = 28
BUDGET = 15_000
# Far above the first target (1.6 million, 48 million): only what would stall a class is refused.
MAX_PARAMETERS = 5_000_000
MAX_MACS = 500_000_000


class Kind(StrEnum):
    """What a ledger's row stands for."""

    CONV = "3×3 convolution"
    TRANSITION = "1×1 convolution"
    POOL = "max-pool"
    FULL = "full convolution"
    AVERAGE = "global average"
    LINEAR = "linear"


@dataclass(frozen=True)
class Row:
    """One layer: its shape, its view of the input, its cost.

    Sizes are the side of a square map; a unit is one element of a map. `trainable` counts weights,
    biases and batch norm's scale and shift; `running` batch norm's mean and variance. `macs` are
    multiply–accumulates for one image, of convolutions and linear layers alone.
    """

    name: str
    kind: Kind
    kernel: int
    stride: int
    padding: int
    in_channels: int
    out_channels: int
    in_size: int
    out_size: int
    receptive_field: int
    jump: int
    start: int
    trainable: int
    running: int
    macs: int

    @property
    def total(self) -> int:
        return self.trainable + self.running


@dataclass(frozen=True)
class Ledger:
    """A Spec's rows, from the first convolution to the ten scores, and their sums."""

    spec: Spec
    rows: tuple[Row, ...]

    @property
    def trainable(self) -> int:
        return sum(row.trainable for row in self.rows)

    @property
    def running(self) -> int:
        return sum(row.running for row in self.rows)

    @property
    def total(self) -> int:
        """Trainable and running together, as Keras and the article count; held against BUDGET."""
        return self.trainable + self.running

    @property
    def macs(self) -> int:
        return sum(row.macs for row in self.rows)

    @property
    def receptive_field(self) -> int:
        return self.rows[-1].receptive_field


@dataclass
class _Cursor:
    """Where the walk from the input towards the head has come to."""

    channels: int = 1
    size: int = INPUT_SIZE
    field: int = 1
    jump: int = 1
    start: int = 0

    def step(
        self,
        name: str,
        kind: Kind,
        kernel: int,
        *,
        out_channels: int | None = None,
        stride: int = 1,
        padding: int = 0,
        bias: bool = True,
        norm: bool = False,
    ) -> Row:
        """Pass one layer; without `out_channels` it has no weights and keeps the channels."""
        if kernel > self.size + 2 * padding:
            what = "window" if kind is Kind.POOL else "kernel"
            raise SpecError(
                f"{name}: a {kernel}×{kernel} {what} on a {self.size}×{self.size} map; "
                "remove a convolution or a pool before it, or pad."
            )
        weights = kernel * kernel * self.channels * (out_channels or 0)
        channels = out_channels or self.channels
        size = (self.size + 2 * padding - kernel) // stride + 1
        row = Row(
            name=name,
            kind=kind,
            kernel=kernel,
            stride=stride,
            padding=padding,
            in_channels=self.channels,
            out_channels=channels,
            in_size=self.size,
            out_size=size,
            receptive_field=self.field + (kernel - 1) * self.jump,
            jump=self.jump * stride,
            start=self.start - padding * self.jump,
            trainable=weights + (channels * bias if weights else 0) + 2 * channels * norm,
            running=2 * channels * norm,
            macs=weights * size * size,
        )
        self.channels, self.size = channels, size
        self.field, self.jump, self.start = row.receptive_field, row.jump, row.start
        return row


@lru_cache(maxsize=256)
def ledger(spec: Spec) -> Ledger:
    """Walk the network once. Raises SpecError, with the layer's name, where it cannot be built."""
    result = Ledger(spec, tuple(_rows(spec)))
    if result.total > MAX_PARAMETERS:
        raise SpecError(
            f"The network has {result.total:,} parameters; the lab takes at most "
            f"{MAX_PARAMETERS:,}. Use fewer filters."
        )
    if result.macs > MAX_MACS:
        raise SpecError(
            f"The network needs {result.macs:,} multiply–accumulates an image; the lab takes at "
            f"most {MAX_MACS:,}. Use fewer filters or pool earlier."
        )
    return result


def _rows(spec: Spec) -> Iterator[Row]:
    at = _Cursor()
    pools = 0
    for name, layer in named(spec.layers):
        if isinstance(layer, Conv):
            yield at.step(
                name,
                Kind.CONV,
                3,
                out_channels=layer.filters,
                padding=int(layer.padded),
                bias=spec.conv_bias,
                norm=spec.batch_norm,
            )
            continue
        if layer.filters is not None:
            yield at.step(name, Kind.TRANSITION, 1, out_channels=layer.filters)
        if layer.pooled:
            pools += 1
            yield at.step(f"pool{pools}", Kind.POOL, 2, stride=2)
    if spec.head is Head.FULL:
        yield at.step("head1", Kind.TRANSITION, 1, out_channels=CLASSES)
        yield at.step("head2", Kind.FULL, at.size, out_channels=CLASSES)
    else:
        yield at.step("average", Kind.AVERAGE, at.size)
        yield at.step("linear", Kind.LINEAR, 1, out_channels=CLASSES)


COLUMNS = ("Layer", "Kind", "Output", "Sees", "Jump", "Trainable", "Running", "MACs")


def table(result: Ledger) -> list[tuple[str, ...]]:
    """The rows and their sums as text, one cell for each of COLUMNS."""
    lines = [
        (
            row.name,
            row.kind.value,
            f"{row.out_channels}×{row.out_size}×{row.out_size}",
            str(row.receptive_field),
            str(row.jump),
            f"{row.trainable:,}",
            f"{row.running:,}",
            f"{row.macs:,}",
        )
        for row in result.rows
    ]
    sums = (f"{result.trainable:,}", f"{result.running:,}", f"{result.macs:,}")
    return [*lines, ("total", "", "", str(result.receptive_field), "", *sums)]


def verdict(total: int, budget: int = BUDGET) -> str:
    """How a total stands to the budget, in two words."""
    return f"{budget - total:,} left" if total <= budget else f"{total - budget:,} over"


def describe(result: Ledger) -> str:
    """The ledger as a plain-text table, for terminals."""
    lines = [COLUMNS, *table(result)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
    text = "\n".join(
        "  ".join(
            cell.ljust(width) if column < 3 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
    total = result.total
    return f"{text}\n\n{total:,} parameters in total; budget {BUDGET:,}: {verdict(total)}."
