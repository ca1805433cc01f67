"""The primitive operations of which every network is made, each described once.

An operation is a value that says what it counts, how far it sees, what it costs, how PyTorch builds
it and what Keras calls it. The summary, the built module, the written source and the cost are sums
over these; none of them knows which operations there are. torch is named here and never imported.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from mnistlab.arch.spec import Activation, Dropout, SpecError

Shape = tuple[int, ...]
"""Of one image: (channels, height, width) of square feature maps, or (features,)."""
VECTOR = 8
"""Floats that a CPU's vector holds at the least."""


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
    and `options`; `own` the class in `mnistlab.arch.layers` that computes the same and is built
    instead. An empty `keras` says that Keras counts it within the next operation. `formula` is the
    parameters' arithmetic, a term each; `macs` are multiply–accumulates. `kernel`, `stride` and
    `padding` are the window's, in units of its input. `adds_input`: it is called with the block's
    input as well.
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


def convolution(
    name: str,
    inputs: Shape,
    filters: int,
    kernel: int = 1,
    *,
    padding: int = 0,
    bias: bool = True,
    whole_map: bool = False,
    keras: str = "Conv2D",
) -> Operation:
    """A convolution with stride 1. `whole_map`: its kernel is as large as the map, and its one
    unit is computed as a matrix product. Raises SpecError if the kernel is larger than the map.
    """
    output = (filters, *_window(name, "kernel", inputs, kernel, 1, padding))
    area, channels = kernel**2, inputs[0]
    weights = area * channels * filters
    # Small kernels are computed on whole vectors of channels; a single channel is read as it is.
    vectors = area * (_filled(channels) if channels > 1 else 1) * _filled(filters) * _units(output)
    macs = weights * _units(output)
    return Operation(
        name=name,
        words=f"{'padded ' * (padding > 0)}{kernel}×{kernel} convolution",
        torch="nn.Conv2d",
        keras=keras,
        inputs=inputs,
        output=output,
        arguments=(Channels.IN, Channels.OUT, kernel),
        options=(("padding", padding),) * (padding > 0) + (("bias", False),) * (not bias),
        own="FullConv" if whole_map else "",
        formula=(f"{channels}·{filters}" + f"·{area}" * (area > 1), *[f"{filters}"] * bias),
        trainable=weights + filters * bias,
        macs=macs,
        kernel=kernel,
        padding=padding,
        effort=Effort(
            calls=1, macs=macs if whole_map or kernel == 1 else vectors, values=_size(output)
        ),
    )


def depthwise(name: str, inputs: Shape, kernel: int, *, padding: int = 0) -> Operation:
    """A kernel for each channel, without biases; Keras counts it with the 1×1 that follows.

    Raises SpecError if the kernel is larger than the map.
    """
    channels, area = inputs[0], kernel**2
    output = (channels, *_window(name, "kernel", inputs, kernel, 1, padding))
    return Operation(
        name=name,
        words=f"{'padded ' * (padding > 0)}depthwise {kernel}×{kernel}",
        torch="nn.Conv2d",
        keras="",
        inputs=inputs,
        output=output,
        arguments=(Channels.IN, Channels.IN, kernel),
        options=(
            *(("padding", padding),) * (padding > 0),
            ("groups", Channels.IN),
            ("bias", False),
        ),
        formula=(f"{channels}·{area}",),
        trainable=channels * area,
        macs=area * _size(output),
        kernel=kernel,
        padding=padding,
        effort=Effort(
            calls=1, macs=area * _filled(channels) * _units(output), values=_size(output)
        ),
    )


def batch_norm(name: str, inputs: Shape) -> Operation:
    """Scale and shift are trained, mean and variance follow the batches."""
    channels = inputs[0]
    return Operation(
        name=name,
        words="batch norm",
        torch="nn.BatchNorm2d",
        keras="BatchNormalization",
        inputs=inputs,
        output=inputs,
        arguments=(Channels.OUT,),
        formula=(f"4·{channels}",),
        trainable=2 * channels,
        non_trainable=2 * channels,
        effort=Effort(calls=1, normed=_size(inputs)),
    )


def add(name: str, inputs: Shape) -> Operation:
    """The block's input added to what its layers have made of it."""
    return Operation(
        name=name,
        words="input added",
        torch="Add",
        own="Add",
        keras="Add",
        adds_input=True,
        inputs=inputs,
        output=inputs,
        effort=Effort(calls=1, values=_size(inputs)),
    )


def activate(block: str, inputs: Shape, activation: Activation) -> Operation:
    """In place where PyTorch can: the time is then lost in the convolution's own."""
    return Operation(
        name=f"{block}.{activation}",
        words=activation.label,
        torch=activation.torch,
        keras=activation.keras,
        inputs=inputs,
        output=inputs,
        options=(("inplace", True),) * activation.in_place,
        effort=Effort() if activation.in_place else Effort(calls=1, values=_size(inputs)),
    )


def dropout(name: str, inputs: Shape, rate: float, kind: Dropout) -> Operation:
    """What is left is scaled by 1 / (1 − rate) while training."""
    channels = kind is Dropout.CHANNEL
    return Operation(
        name=name,
        words="dropout of channels" if channels else "dropout",
        torch="nn.Dropout2d" if channels else "nn.Dropout",
        own="Dropout2d" if channels else "Dropout",
        keras="SpatialDropout2D" if channels else "Dropout",
        inputs=inputs,
        output=inputs,
        arguments=(rate,),
        effort=Effort(dropped=0 if channels else _size(inputs)),
    )


def max_pool(name: str, inputs: Shape, kernel: int) -> Operation:
    """Its time is in what it reads. Raises SpecError if the window is larger than the map."""
    return Operation(
        name=name,
        words=f"{kernel}×{kernel} max-pool",
        torch="nn.MaxPool2d",
        keras="MaxPooling2D",
        inputs=inputs,
        output=(inputs[0], *_window(name, "window", inputs, kernel, kernel, 0)),
        arguments=(kernel,),
        kernel=kernel,
        stride=kernel,
        effort=Effort(calls=1, values=_size(inputs)),
    )


def average(name: str, inputs: Shape) -> Operation:
    """The mean of each whole feature map, which has no next unit to stride to."""
    return Operation(
        name=name,
        words="global average pooling",
        torch="nn.AvgPool2d",
        keras="AveragePooling2D",
        inputs=inputs,
        output=(inputs[0], 1, 1),
        arguments=(inputs[1],),
        kernel=inputs[1],
        effort=Effort(calls=1, values=_size(inputs)),
    )


def flatten(name: str, inputs: Shape) -> Operation:
    return Operation(
        name=name,
        words="flatten",
        torch="nn.Flatten",
        keras="Flatten",
        inputs=inputs,
        output=(_size(inputs),),
    )


def linear(name: str, inputs: Shape, features: int) -> Operation:
    weights = inputs[0] * features
    return Operation(
        name=name,
        words="linear",
        torch="nn.Linear",
        keras="Dense",
        inputs=inputs,
        output=(features,),
        arguments=(Channels.IN, Channels.OUT),
        formula=(f"{inputs[0]}·{features}", f"{features}"),
        trainable=weights + features,
        macs=weights,
        effort=Effort(calls=1, macs=weights, values=features),
    )


def _window(
    name: str, what: str, inputs: Shape, kernel: int, stride: int, padding: int
) -> tuple[int, int]:
    """Height and width of the output of a window that slides over the maps."""
    side = inputs[1]
    if kernel > side + 2 * padding:
        raise SpecError(
            f"{name.partition('.')[0]}: a {kernel}×{kernel} {what} on a {side}×{side} map; "
            "remove a convolution or a pool before it, or pad."
        )
    size = (side + 2 * padding - kernel) // stride + 1
    return size, size


def _size(shape: Shape) -> int:
    count = 1
    for side in shape:
        count *= side
    return count


def _units(shape: Shape) -> int:
    """Units of one feature map."""
    return shape[1] * shape[2]


def _filled(channels: int) -> int:
    """Channels filled up to whole vectors."""
    return -(-channels // VECTOR) * VECTOR
