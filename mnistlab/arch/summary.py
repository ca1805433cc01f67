"""A Ledger told as Keras tells a model: every layer on its own line, channels last."""

from collections.abc import Iterator
from dataclasses import dataclass

from mnistlab.arch.ledger import Kind, Ledger, Row
from mnistlab.arch.spec import Dropout, Spec

COLUMNS = ("Layer (type)", "Output Shape", "Param #")
BYTES = 4
"""A parameter is a float32."""


@dataclass(frozen=True)
class Line:
    """One layer: its name in the module, Keras's class, its output without the batch."""

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int = 0

    @property
    def cells(self) -> tuple[str, str, str]:
        shape = ", ".join(map(str, ("None", *self.shape)))
        return f"{self.name} ({self.kind})", f"({shape})", f"{self.parameters:,}"


def summary(result: Ledger) -> str:
    """The text of Keras's `model.summary()`, with the lab's names."""
    table = [COLUMNS, *(line.cells for line in lines(result))]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    head, *body = (
        f"{layer:<{widths[0]}}  {shape:<{widths[1]}}  {count:>{widths[2]}}"
        for layer, shape, count in table
    )
    rule = len(head)
    return "\n".join(
        [
            f"Model: {result.spec}",
            "─" * rule,
            head,
            "═" * rule,
            *body,
            "═" * rule,
            f"Total params: {_sized(result.total)}",
            f"Trainable params: {_sized(result.trainable)}",
            f"Non-trainable params: {_sized(result.running)}",
        ]
    )


def lines(result: Ledger) -> list[Line]:
    """Every layer in its order; a ledger's row is up to four of them."""
    return [line for row in result.rows for line in _lines(result.spec, row)]


def _lines(spec: Spec, row: Row) -> Iterator[Line]:
    name, maps = row.name, (row.out_size, row.out_size, row.out_channels)
    match row.kind:
        case Kind.CONV:
            norm = 2 * row.running  # as many that are learnt as that run along
            yield Line(f"{name}.conv", "Conv2D", maps, row.total - norm)
            if spec.batch_norm:
                yield Line(f"{name}.norm", "BatchNormalization", maps, norm)
            yield Line(f"{name}.relu", "ReLU", maps)
            if spec.dropout:
                whole = spec.dropout_kind is Dropout.CHANNEL
                yield Line(f"{name}.dropout", "SpatialDropout2D" if whole else "Dropout", maps)
        case Kind.TRANSITION:
            yield Line(f"{name}.conv", "Conv2D", maps, row.total)
            yield Line(f"{name}.relu", "ReLU", maps)
        case Kind.POOL:
            yield Line(name, "MaxPooling2D", maps)
        case Kind.FULL:
            yield Line(name, "Conv2D", maps, row.total)
            yield Line("flatten", "Flatten", (row.out_channels,))
        case Kind.AVERAGE:
            yield Line(name, "AveragePooling2D", maps)
        case Kind.LINEAR:
            yield Line("flatten", "Flatten", (row.in_channels,))
            yield Line(name, "Dense", (row.out_channels,), row.total)


def _sized(parameters: int) -> str:
    """A count with the memory it takes, in the units that Keras prints."""
    size, unit = float(parameters * BYTES), "B"
    for larger in ("KB", "MB", "GB"):
        if size >= 1024:
            size, unit = size / 1024, larger
    return f"{parameters:,} ({size:.2f} {unit})"
