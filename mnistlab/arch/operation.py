"""A primitive operation: everything that there is to know of one, as a value.

It says what it counts, how far it sees, what it costs, how PyTorch builds it and what Keras calls
it; `mnistlab.arch.primitives` makes them. The network's summary, its module, its source and its
cost are sums over these values; none of them knows which operations there are. torch is named here
and never imported.
"""

from dataclasses import dataclass, field
from enum import StrEnum

Shape = tuple[int, ...]
"""Of one image: (channels, height, width) of square feature maps, or (features,)."""


class Channels(StrEnum):
    """An argument that depends on the layers around; the value is its name in written functions."""

    IN = "inputs"
    OUT = "outputs"


Argument = Channels | float
"""int and bool are floats to the type checker."""


@dataclass(frozen=True)
class Effort:
    """What an operation adds to the time of one image; `mnistlab.arch.cost.Work` explains each."""

    calls: int = 0
    macs: int = 0
    values: int = 0
    normed: int = 0
    dropped: int = 0


@dataclass(frozen=True)
class Operation:
    """One primitive operation on one image.

    `name` is the module's path in the network. `torch` is PyTorch's class, called with `arguments`
    and `options`; `own` the class in `mnistlab.arch.modules` that computes the same and is built
    instead. An empty `keras` says that Keras counts it within the next operation. `formula` is the
    parameters' arithmetic, a term each; `macs` are multiply–accumulates. `kernel`, `stride` and
    `padding` are the window's, in units of its input. `adds_input`: it is called with the block's
    input as well. `depthwise`: it reads each channel by itself.
    """

    name: str
    words: str
    torch: str
    keras: str
    inputs: Shape
    output: Shape
    arguments: tuple[Argument, ...] = ()
    options: tuple[tuple[str, Argument], ...] = ()
    own: str = ""
    formula: tuple[str, ...] = ()
    trainable: int = 0
    non_trainable: int = 0
    macs: int = 0
    kernel: int = 1
    stride: int = 1
    padding: int = 0
    adds_input: bool = False
    depthwise: bool = False
    effort: Effort = field(default_factory=Effort)

    @property
    def parameters(self) -> int:
        return self.trainable + self.non_trainable

    @property
    def child(self) -> str:
        """Its name within its block."""
        return self.name.rpartition(".")[2]

    def value(self, argument: Argument) -> float:
        """An argument as a number."""
        match argument:
            case Channels.IN:
                return self.inputs[0]
            case Channels.OUT:
                return self.output[0]
        return argument

    def call(self, symbolic: bool = False) -> str:
        """PyTorch source that makes it; symbolic with the names of Channels for their numbers."""

        def text(argument: Argument) -> str:
            if symbolic and isinstance(argument, Channels):
                return argument.value
            return f"{self.value(argument)}"

        words = [text(one) for one in self.arguments]
        words += [f"{name}={text(one)}" for name, one in self.options]
        return f"{self.torch}({', '.join(words)})"
