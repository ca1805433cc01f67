"""The primitive operations that every network consists of, each defined once."""

from mnistlab.arch.operation import Channels, Effort, Operation, Shape
from mnistlab.arch.spec import Activation, Dropout, SpecError

SIMD_WIDTH = 8
"""The fewest floats in a CPU's vector register."""
NORM_STATISTICS = ("running_mean", "running_var")
"""Batch norm's tensors that no gradient changes."""


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
    """A convolution with stride 1. `whole_map`: its kernel covers the map, so that it is computed
    as a matrix product. Raises SpecError if the kernel is larger than the map.
    """
    output = (filters, *_window(name, "kernel", inputs, kernel, 1, padding))
    area, channels = kernel**2, inputs[0]
    weights = area * channels * filters
    # Small kernels run on whole SIMD vectors of channels; a single input channel is not padded.
    padded_macs = (
        area * (_padded(channels) if channels > 1 else 1) * _padded(filters) * _units(output)
    )
    macs = weights * _units(output)
    return Operation(
        name=name,
        description=f"{'padded ' * (padding > 0)}{kernel}×{kernel} convolution",
        torch="nn.Conv2d",
        keras=keras,
        inputs=inputs,
        output=output,
        arguments=(Channels.IN, Channels.OUT, kernel),
        options=(("padding", padding),) * (padding > 0) + (("bias", False),) * (not bias),
        own="FullMapConv2d" if whole_map else "",
        formula=(f"{channels}·{filters}" + f"·{area}" * (area > 1), *[f"{filters}"] * bias),
        trainable=weights + filters * bias,
        macs=macs,
        kernel=kernel,
        padding=padding,
        tensors=(
            ("weight", (filters, channels, kernel, kernel)),
            *((("bias", (filters,)),) * bias),
        ),
        effort=Effort(
            calls=1, macs=macs if whole_map or kernel == 1 else padded_macs, values=_size(output)
        ),
    )


def depthwise(name: str, inputs: Shape, kernel: int, *, padding: int = 0) -> Operation:
    """One kernel per channel, without bias; Keras counts it with the 1×1 that follows.

    Raises SpecError if the kernel is larger than the map.
    """
    channels, area = inputs[0], kernel**2
    output = (channels, *_window(name, "kernel", inputs, kernel, 1, padding))
    return Operation(
        name=name,
        description=f"{'padded ' * (padding > 0)}depthwise {kernel}×{kernel}",
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
        depthwise=True,
        trainable=channels * area,
        macs=area * _size(output),
        kernel=kernel,
        padding=padding,
        tensors=(("weight", (channels, 1, kernel, kernel)),),
        effort=Effort(
            calls=1, macs=area * _padded(channels) * _units(output), values=_size(output)
        ),
    )


def batch_norm(name: str, inputs: Shape) -> Operation:
    """Scale and shift are trainable, running mean and variance are not."""
    channels = inputs[0]
    return Operation(
        name=name,
        description="batch norm",
        torch="nn.BatchNorm2d",
        keras="BatchNormalization",
        inputs=inputs,
        output=inputs,
        arguments=(Channels.OUT,),
        formula=(f"4·{channels}",),
        trainable=2 * channels,
        non_trainable=2 * channels,
        tensors=tuple((name, (channels,)) for name in ("weight", "bias", *NORM_STATISTICS)),
        effort=Effort(calls=1, normed=_size(inputs)),
    )


def add(name: str, inputs: Shape) -> Operation:
    """The residual connection: the block's input added to its maps."""
    return Operation(
        name=name,
        description="residual sum",
        torch="Add",
        own="Add",
        keras="Add",
        adds_input=True,
        inputs=inputs,
        output=inputs,
        effort=Effort(calls=1, values=_size(inputs)),
    )


def activate(block: str, inputs: Shape, activation: Activation) -> Operation:
    """In place where PyTorch can, which takes no measurable time after a convolution."""
    return Operation(
        name=f"{block}.{activation}",
        description=activation.label,
        torch=activation.torch,
        keras=activation.keras,
        inputs=inputs,
        output=inputs,
        options=(("inplace", True),) * activation.in_place,
        effort=Effort() if activation.in_place else Effort(calls=1, values=_size(inputs)),
    )


def dropout(name: str, inputs: Shape, rate: float, kind: Dropout) -> Operation:
    """In training, the values that remain are scaled by 1 / (1 − rate)."""
    channels = kind is Dropout.CHANNEL
    return Operation(
        name=name,
        description="dropout of channels" if channels else "dropout",
        torch="nn.Dropout2d" if channels else "nn.Dropout",
        own="Dropout2d" if channels else "Dropout",
        keras="SpatialDropout2D" if channels else "Dropout",
        inputs=inputs,
        output=inputs,
        arguments=(rate,),
        effort=Effort(dropped=0 if channels else _size(inputs)),
    )


def max_pool(name: str, inputs: Shape, kernel: int) -> Operation:
    """Its time depends on the size of its input.

    Raises SpecError if the window is larger than the map.
    """
    return Operation(
        name=name,
        description=f"{kernel}×{kernel} max-pool",
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
    """The mean of each whole feature map. Stride 1: there is only one unit."""
    return Operation(
        name=name,
        description="global average pooling",
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
        description="flatten",
        torch="nn.Flatten",
        keras="Flatten",
        inputs=inputs,
        output=(_size(inputs),),
    )


def linear(name: str, inputs: Shape, features: int) -> Operation:
    weights = inputs[0] * features
    return Operation(
        name=name,
        description="linear",
        torch="nn.Linear",
        keras="Dense",
        inputs=inputs,
        output=(features,),
        arguments=(Channels.IN, Channels.OUT),
        formula=(f"{inputs[0]}·{features}", f"{features}"),
        trainable=weights + features,
        macs=weights,
        tensors=(("weight", (features, inputs[0])), ("bias", (features,))),
        effort=Effort(calls=1, macs=weights, values=features),
    )


def _window(
    name: str, what: str, inputs: Shape, kernel: int, stride: int, padding: int
) -> tuple[int, int]:
    """Height and width of a sliding window's output."""
    side = inputs[1]
    if kernel > side + 2 * padding:
        raise SpecError(
            f"{name.partition('.')[0]}: a {kernel}×{kernel} {what} on a {side}×{side} map; "
            "remove a convolution or a pool before it, or add padding."
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


def _padded(channels: int) -> int:
    """Channels rounded up to whole SIMD vectors."""
    return -(-channels // SIMD_WIDTH) * SIMD_WIDTH
