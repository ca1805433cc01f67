"""The primitive operations of which every network is made, each described once."""

from mnistlab.arch.operation import Channels, Effort, Operation, Shape
from mnistlab.arch.spec import Activation, Dropout, SpecError

SIMD_WIDTH = 8
"""Floats that a CPU's vector holds at the least."""


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
        own="FullMapConv2d" if whole_map else "",
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
        depthwise=True,
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
    return -(-channels // SIMD_WIDTH) * SIMD_WIDTH
