"""A primitive operation and all its properties, as a value.

It has parameter counts, a receptive field, cost terms, the PyTorch call and Keras's class name;
`mnistlab.arch.primitives` makes them. The network's summary, module, source and cost are computed
from these values without knowing the individual operations. torch is named here, never imported.
"""

from dataclasses import dataclass, field
from enum import StrEnum

Shape = tuple[int, ...]
"""Without the batch: (channels, height, width) of square feature maps, or (features,)."""


class Channels(StrEnum):
    """An argument that depends on neighboring layers; the value is its name in exported source."""

    IN = "inputs"
    OUT = "outputs"


Argument = Channels | float
"""To the type checker, int and bool are floats."""


@dataclass(frozen=True)
class Effort:
    """What an operation adds to the time of one image; see `mnistlab.arch.cost.CostTerms`."""

    calls: int = 0
    macs: int = 0
    values: int = 0
    normed: int = 0
    dropped: int = 0


@dataclass(frozen=True)
class Operation:
    """One primitive operation on one image.

    `name` is the module's path in the network. `torch` is PyTorch's class, called with `arguments`
    and `options`; `own` is the equivalent class in `mnistlab.arch.modules` to build instead. An
    empty `keras` means that Keras counts it with the next operation. `formula` has the terms of
    the parameter count; `macs` are multiply–accumulates. `kernel`, `stride` and `padding` are in
    units of the operation's input. `adds_input`: it also receives the block's input. `depthwise`:
    it processes each channel separately. `tensors` are the names and shapes of its
    part of a checkpoint.
    """

    name: str
    description: str
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
    tensors: tuple[tuple[str, Shape], ...] = ()
    effort: Effort = field(default_factory=Effort)

    @property
    def parameters(self) -> int:
        return self.trainable + self.non_trainable

    @property
    def child(self) -> str:
        """The name within its block."""
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
        """The PyTorch call as source; `symbolic` writes Channels as names, not numbers."""

        def text(argument: Argument) -> str:
            if symbolic and isinstance(argument, Channels):
                return argument.value
            return f"{self.value(argument)}"

        arguments = [text(argument) for argument in self.arguments]
        arguments += [f"{name}={text(argument)}" for name, argument in self.options]
        return f"{self.torch}({', '.join(arguments)})"
