"""A network's parameters, MACs and receptive fields, layer by layer, without building it.

Receptive field r, effective stride j (input pixels between neighboring units) and first pixel s
(of the first unit's receptive field) follow Dumoulin & Visin, "A guide to convolution arithmetic
for deep learning" (2016) and Araujo, Norris & Sim, "Computing receptive fields of convolutional
neural networks" (Distill, 2019): for kernel k, stride d and padding p::

    r' = r + (k - 1)·j        s' = s - p·j        j' = j·d
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from mnistlab.arch.blocks import Block, blocks
from mnistlab.arch.spec import Spec, SpecError

BUDGET = 15_000
# Far above target 1 (1.6 million parameters, 48 million MACs); larger ones would block a machine.
MAX_PARAMETERS = 5_000_000
MAX_MACS = 500_000_000


@dataclass(frozen=True, kw_only=True)
class LayerSummary(Block):
    """A block with its receptive field; shapes and counts come from its operations.

    Sizes are the side of a square map; a unit is one element of a map. `trainable` counts weights,
    biases and batch norm's scale and shift; `non_trainable` its running mean and variance. `macs`
    are multiply–accumulates for one image, of convolutions and linear layers alone.
    """

    receptive_field: int
    effective_stride: int
    first_pixel: int

    @property
    def kernel(self) -> int:
        return max(one.kernel for one in self.operations)

    @property
    def in_channels(self) -> int:
        return self.operations[0].inputs[0]

    @property
    def out_channels(self) -> int:
        return self.output[0]

    @property
    def in_size(self) -> int:
        return self.operations[0].inputs[-1]

    @property
    def out_size(self) -> int:
        """1 for the logits, which have no height and width."""
        return self.output[1] if len(self.output) > 1 else 1

    @property
    def trainable(self) -> int:
        return sum(one.trainable for one in self.operations)

    @property
    def non_trainable(self) -> int:
        return sum(one.non_trainable for one in self.operations)

    @property
    def total(self) -> int:
        return self.trainable + self.non_trainable

    @property
    def macs(self) -> int:
        return sum(one.macs for one in self.operations)

    @property
    def depthwise(self) -> bool:
        """Whether it convolves each channel separately."""
        return any(one.depthwise for one in self.operations)

    @property
    def residual(self) -> bool:
        """Whether the block's input is added to its output."""
        return any(one.adds_input for one in self.operations)


@dataclass(frozen=True)
class NetworkSummary:
    """A Spec's layers, from the first convolution to the ten logits, and their sums."""

    spec: Spec
    rows: tuple[LayerSummary, ...]

    @property
    def trainable(self) -> int:
        return sum(row.trainable for row in self.rows)

    @property
    def non_trainable(self) -> int:
        return sum(row.non_trainable for row in self.rows)

    @property
    def total(self) -> int:
        """Trainable plus non-trainable, as Keras and the article count; compared with BUDGET."""
        return self.trainable + self.non_trainable

    @property
    def macs(self) -> int:
        return sum(row.macs for row in self.rows)

    @property
    def receptive_field(self) -> int:
        return self.rows[-1].receptive_field


@lru_cache(maxsize=256)
def summarize(spec: Spec) -> NetworkSummary:
    """Summarize a network. Raises SpecError, with the layer's name, if it cannot be built."""
    result = NetworkSummary(spec, tuple(_rows(spec)))
    if result.total > MAX_PARAMETERS:
        raise SpecError(
            f"The network has {result.total:,} parameters; the limit is {MAX_PARAMETERS:,}. "
            "Use fewer filters."
        )
    if result.macs > MAX_MACS:
        raise SpecError(
            f"The network needs {result.macs:,} MACs per image; the limit is {MAX_MACS:,}. "
            "Use fewer filters or pool earlier."
        )
    return result


def _rows(spec: Spec) -> Iterator[LayerSummary]:
    """The blocks with their receptive fields, computed operation by operation."""
    receptive_field, effective_stride, first_pixel = 1, 1, 0
    for block in blocks(spec):
        for one in block.operations:
            # A residual path has a smaller receptive field than the convolution it skips.
            receptive_field += (one.kernel - 1) * effective_stride
            first_pixel -= one.padding * effective_stride
            effective_stride *= one.stride
        yield LayerSummary(
            **vars(block),
            receptive_field=receptive_field,
            effective_stride=effective_stride,
            first_pixel=first_pixel,
        )


COLUMNS = (
    *("Layer", "Type", "Output", "Field", "Stride"),
    *("Trainable", "Non-trainable", "MACs"),
)
"""Field is the receptive field and Stride the effective stride, both in pixels of the image."""


def table(result: NetworkSummary) -> list[tuple[str, ...]]:
    """The layers and their sums as text, one cell for each of COLUMNS."""
    lines = [
        (
            row.name,
            row.label,
            f"{row.out_channels}×{row.out_size}×{row.out_size}",
            str(row.receptive_field),
            str(row.effective_stride),
            f"{row.trainable:,}",
            f"{row.non_trainable:,}",
            f"{row.macs:,}",
        )
        for row in result.rows
    ]
    sums = (f"{result.trainable:,}", f"{result.non_trainable:,}", f"{result.macs:,}")
    return [*lines, ("total", "", "", str(result.receptive_field), "", *sums)]


def budget_text(total: int, budget: int = BUDGET) -> str:
    """How far a total is under or over the budget."""
    return f"{abs(budget - total):,} {'under' if total <= budget else 'over'} budget"


def describe(result: NetworkSummary) -> str:
    """The summary as a plain-text table, for terminals."""
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
    return f"{text}\n\n{total:,} of {BUDGET:,} parameters: {budget_text(total)}."
