"""A network summary in the format of Keras: every layer on its own line, channels last."""

from collections.abc import Iterator
from dataclasses import dataclass

from mnistlab.arch.summary import LayerSummary, NetworkSummary

COLUMNS = ("Layer (type)", "Output Shape", "Param #")
BYTES = 4
"""Of one parameter, a float32."""


@dataclass(frozen=True)
class Line:
    """One layer: its name in the module, Keras's class, its output shape without the batch."""

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int = 0

    @property
    def cells(self) -> tuple[str, str, str]:
        shape = ", ".join(map(str, ("None", *self.shape)))
        return f"{self.name} ({self.kind})", f"({shape})", f"{self.parameters:,}"


def keras_summary(result: NetworkSummary) -> str:
    """The text of Keras's `model.summary()`, with the names of our modules."""
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
            f"Total params: {_with_memory(result.total)}",
            f"Trainable params: {_with_memory(result.trainable)}",
            f"Non-trainable params: {_with_memory(result.non_trainable)}",
        ]
    )


def lines(result: NetworkSummary) -> list[Line]:
    """Every layer in order; a row of the summary has up to five."""
    return [line for row in result.rows for line in _lines(row)]


def _lines(row: LayerSummary) -> Iterator[Line]:
    names: list[str] = []
    parameters = 0
    for one in row.operations:
        # Keras counts a depthwise convolution with the 1×1 that follows; the line names both.
        names.append(one.child if names else one.name)
        parameters += one.parameters
        if one.keras:
            yield Line("+".join(names), one.keras, (*one.output[1:], one.output[0]), parameters)
            names, parameters = [], 0


def _with_memory(parameters: int) -> str:
    """A count with its memory, in the units that Keras prints."""
    size, unit = float(parameters * BYTES), "B"
    for larger in ("KB", "MB", "GB"):
        if size >= 1024:
            size, unit = size / 1024, larger
    return f"{parameters:,} ({size:.2f} {unit})"
