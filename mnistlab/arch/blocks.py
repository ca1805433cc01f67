"""A Spec's layers as blocks of primitive operations, from the image to the ten logits.

Only this module knows which operations a type of layer consists of.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from mnistlab.arch import primitives
from mnistlab.arch.operation import Operation, Shape
from mnistlab.arch.spec import (
    CLASSES,
    INPUT_SIZE,
    Activation,
    Conv,
    Dropout,
    Head,
    Spec,
    SpecError,
    named,
)

KERNEL = 3


class LayerType(StrEnum):
    """The type of a block, as tables show it."""

    CONV = "3×3 convolution"
    TRANSITION = "1×1 convolution"
    POOL = "max-pool"
    FULL = "full-map convolution"
    AVERAGE = "global average pooling"
    LINEAR = "linear"


@dataclass(frozen=True)
class Settings:
    """The network-wide options that apply to a block; the others keep their defaults."""

    activation: Activation
    batch_norm: bool = False
    conv_bias: bool = True
    dropout: float = 0.0
    dropout_kind: Dropout = Dropout.ELEMENT


@dataclass(frozen=True, kw_only=True)
class Block:
    """Operations that the network summary shows as one row.

    `label` is for tables, `caption` for the picture. `function` names the function in the exported
    PyTorch source that makes such blocks; without one the operations are direct children of the
    network. `choice` is this block's own part of the network string; `settings` are None where no
    network-wide option applies.
    """

    name: str
    kind: LayerType
    operations: tuple[Operation, ...]
    label: str
    caption: str
    function: str = ""
    choice: str = ""
    settings: Settings | None = None
    in_head: bool = False

    @property
    def output(self) -> Shape:
        return self.operations[-1].output


def blocks(spec: Spec) -> Iterator[Block]:
    """The network's blocks in order.

    Raises SpecError, with the layer's name, where a layer does not fit its input.
    """
    settings = Settings(
        spec.activation,
        spec.batch_norm,
        spec.conv_bias,
        spec.dropout,
        spec.dropout_kind if spec.dropout else Dropout.ELEMENT,
    )
    shape: Shape = (1, INPUT_SIZE, INPUT_SIZE)
    pools = 0
    for name, layer in named(spec.layers):
        if isinstance(layer, Conv):
            block = _convolution(settings, name, layer, shape)
            yield block
            shape = block.output
            continue
        if layer.filters is not None:
            block = _pointwise(spec.activation, name, layer.filters, shape)
            yield block
            shape = block.output
        if layer.pooled:
            pools += 1
            block = _pool(f"pool{pools}", shape)
            yield block
            shape = block.output
    yield from (
        _full_head(spec.activation, shape) if spec.head is Head.FULL else _average_head(shape)
    )


# Advice tries hundreds of networks that differ in one or two layers, so blocks are cached.


@lru_cache(maxsize=4096)
def _convolution(settings: Settings, name: str, layer: Conv, inputs: Shape) -> Block:
    """The convolution, batch norm, the residual sum, the activation, dropout."""
    if layer.residual and inputs[0] != layer.filters:
        raise SpecError(
            f"{name}: a residual connection adds {inputs[0]} input channels to the output of "
            f"{layer.filters} filters; give {name} {inputs[0]} filters, or remove the connection."
        )
    parts = _kernels(name, layer, inputs, settings.conv_bias)
    shape = parts[-1].output
    if settings.batch_norm:
        parts.append(primitives.batch_norm(f"{name}.norm", shape))
    if layer.residual:
        parts.append(primitives.add(f"{name}.add", shape))
    parts.append(primitives.activate(name, shape, settings.activation))
    if settings.dropout:
        parts.append(
            primitives.dropout(f"{name}.dropout", shape, settings.dropout, settings.dropout_kind)
        )
    border = "residual" if layer.residual else "padded" if layer.padded else ""
    stem = "separable3x3" if layer.separable else "conv3x3"
    type_label = "depthwise-separable 3×3" if layer.separable else LayerType.CONV.value
    return Block(
        name=name,
        kind=LayerType.CONV,
        operations=tuple(parts),
        label=f"{type_label}, residual" if layer.residual else type_label,
        caption=" ".join(filter(None, ("separable" if layer.separable else "3×3", border))),
        function="_".join(filter(None, (stem, border))),
        choice=str(layer),
        settings=settings,
    )


def _kernels(name: str, layer: Conv, inputs: Shape, bias: bool) -> list[Operation]:
    """The convolution, ordinary or depthwise-separable; only the last operation has a bias."""
    padding = KERNEL // 2 if layer.padded else 0
    if not layer.separable:
        return [
            primitives.convolution(
                f"{name}.conv", inputs, layer.filters, KERNEL, padding=padding, bias=bias
            )
        ]
    depthwise_conv = primitives.depthwise(f"{name}.depthwise", inputs, KERNEL, padding=padding)
    pointwise_conv = primitives.convolution(
        f"{name}.pointwise",
        depthwise_conv.output,
        layer.filters,
        bias=bias,
        keras="SeparableConv2D",
    )
    return [depthwise_conv, pointwise_conv]


@lru_cache(maxsize=4096)
def _pointwise(
    activation: Activation, name: str, filters: int, inputs: Shape, *, in_head: bool = False
) -> Block:
    conv = primitives.convolution(f"{name}.conv", inputs, filters)
    return Block(
        name=name,
        kind=LayerType.TRANSITION,
        operations=(conv, primitives.activate(name, conv.output, activation)),
        label=LayerType.TRANSITION.value,
        caption="1×1",
        function="conv1x1",
        choice="" if in_head else f"{filters}",
        settings=Settings(activation),
        in_head=in_head,
    )


@lru_cache(maxsize=4096)
def _pool(name: str, inputs: Shape) -> Block:
    pool = primitives.max_pool(name, inputs, 2)
    return Block(
        name=name,
        kind=LayerType.POOL,
        operations=(pool,),
        label=LayerType.POOL.value,
        caption="2×2 max",
    )


def _full_head(activation: Activation, inputs: Shape) -> Iterator[Block]:
    """1×1 convolution to ten channels, then a convolution over the whole feature map."""
    to_classes = _pointwise(activation, "head1", CLASSES, inputs, in_head=True)
    yield to_classes
    side = inputs[1]
    conv = primitives.convolution("head2", to_classes.output, CLASSES, side, whole_map=True)
    yield Block(
        name="head2",
        kind=LayerType.FULL,
        operations=(conv, primitives.flatten("flatten", conv.output)),
        label=LayerType.FULL.value,
        caption=f"{side}×{side}",
        in_head=True,
    )


def _average_head(inputs: Shape) -> Iterator[Block]:
    """The mean of each feature map, then a linear layer."""
    side = inputs[1]
    mean = primitives.average("average", inputs)
    yield Block(
        name="average",
        kind=LayerType.AVERAGE,
        operations=(mean,),
        label=LayerType.AVERAGE.value,
        caption=f"{side}×{side} avg-pool",
        in_head=True,
    )
    flat = primitives.flatten("flatten", mean.output)
    yield Block(
        name="linear",
        kind=LayerType.LINEAR,
        operations=(flat, primitives.linear("linear", flat.output, CLASSES)),
        label=LayerType.LINEAR.value,
        caption="linear",
        in_head=True,
    )
