"""A network as a value, and as a network string.

The string is a list of words joined by hyphens, short enough to type, in characters that a URL
does not escape::

    8-16-p10-16-20-t12-16-20-full-bn-drop0.05

    16      3×3 convolution with 16 filters, no padding   16s     the same, zero-padded ("same")
    16r     the same, padded, with a residual connection  16d     depthwise-separable; 16ds, 16dr
    p10     transition: 1×1 to 10 channels, 2×2 max-pool  p       the pool alone
    t12     partial transition: 1×1 to 12 channels, no pool
    full    head: 1×1 to 10 channels, then a full-map convolution (the default)
    gap     head: global average pooling, then a linear layer
    bn      batch norm after every 3×3 convolution        nobias  no bias where batch norm follows
    leaky   leaky ReLU instead of ReLU         gelu    GELU instead
    drop0.1 dropout after every 3×3 convolution, element by element; cdrop0.1: whole channels
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from mnistlab.choice import Choice
from mnistlab.errors import LabError

INPUT_SIZE = 28
CLASSES = 10
MAX_LAYERS = 40
MAX_FILTERS = 1024
MAX_DROPOUT = 0.9
MAX_TEXT = 500


class SpecError(LabError):
    """A network that cannot be built; the message names the layer and a fix."""


@dataclass(frozen=True)
class Conv:
    """A 3×3 convolution with stride 1, then (batch norm), the activation, (dropout).

    `separable`: one 3×3 kernel per input channel, then a 1×1 convolution (F. Chollet,
    "Xception", 2017). `residual`: the layer's input is added before the activation (K. He et al.,
    "Deep residual learning", 2016), for which it must be padded.
    """

    filters: int
    padded: bool = False
    separable: bool = False
    residual: bool = False

    def __str__(self) -> str:
        border = "r" if self.residual else "s" if self.padded else ""
        return f"{self.filters}{'d' if self.separable else ''}{border}"


@dataclass(frozen=True)
class Transition:
    """A 1×1 convolution with `filters` filters, the activation, then a 2×2 max-pool if `pooled`.

    `filters=None` leaves the convolution out; `pooled=False` makes the transition partial.
    """

    filters: int | None
    pooled: bool = True

    def __str__(self) -> str:
        return f"{'p' if self.pooled else 't'}{self.filters or ''}"


Layer = Conv | Transition


class Head(Choice):
    """How the last feature maps become ten logits."""

    FULL = "full", "1×1 + full-map convolution"
    GAP = "gap", "Global average pooling + linear"


class Dropout(Choice):
    """What dropout zeroes: single elements (as in the article) or whole channels."""

    ELEMENT = "drop", "elements"
    CHANNEL = "cdrop", "channels"


class Activation(Choice):
    """The activation after every hidden layer.

    `torch` is PyTorch's class with its default arguments, `keras` the class that Keras prints.
    `in_place`: whether PyTorch can overwrite the input, so that no extra memory is written.
    `help` says what it does to negative values.
    """

    torch: str
    keras: str
    in_place: bool
    help: str

    def __new__(
        cls,
        word: str,
        label: str = "",
        torch: str = "",
        keras: str = "",
        in_place: bool = False,
        help: str = "",
    ) -> Self:
        member = str.__new__(cls, word)
        member._value_, member.label = word, label
        member.torch, member.keras, member.in_place = torch, keras, in_place
        member.help = help
        return member

    RELU = "relu", "ReLU", "nn.ReLU", "ReLU", True, "ReLU sets negative values to 0."
    LEAKY = "leaky", "leaky ReLU", "nn.LeakyReLU", "LeakyReLU", True, "Leaky ReLU keeps 1% of them."
    GELU = "gelu", "GELU", "nn.GELU", "Activation", False, "GELU is smooth, but slower."


@dataclass(frozen=True)
class Spec:
    """An architecture for 28×28 gray images and ten classes.

    Raises SpecError if a value is out of range; `summarize` checks whether the layers fit together.
    """

    layers: tuple[Layer, ...]
    head: Head = Head.FULL
    batch_norm: bool = False
    conv_bias: bool = True
    dropout: float = 0.0
    dropout_kind: Dropout = Dropout.ELEMENT
    activation: Activation = Activation.RELU

    def __post_init__(self) -> None:
        if not self.layers:
            raise SpecError("The network has no layers; start with a number of filters, such as 8.")
        if len(self.layers) > MAX_LAYERS:
            raise SpecError(
                f"The network has {len(self.layers):,} layers; use at most {MAX_LAYERS}."
            )
        for name, layer in named(self.layers):
            if isinstance(layer, Transition) and layer.filters is None:
                if not layer.pooled:
                    raise SpecError(f"{name}: a partial transition needs a number of filters.")
            elif not 1 <= (layer.filters or 0) <= MAX_FILTERS:
                raise SpecError(
                    f"{name}: {layer.filters:,} filters; choose between 1 and {MAX_FILTERS:,}."
                )
            if isinstance(layer, Conv) and layer.residual and not layer.padded:
                raise SpecError(
                    f"{name}: a residual connection needs a padded convolution, whose output has "
                    "the size of its input; add padding."
                )
        if not 0 <= self.dropout <= MAX_DROPOUT or round(self.dropout, 4) != self.dropout:
            raise SpecError(
                f"dropout: {self.dropout:g} is not a rate between 0 and {MAX_DROPOUT} "
                "with at most four decimals."
            )
        if not self.conv_bias and not self.batch_norm:
            raise SpecError(
                "nobias: a convolution needs its bias unless batch norm follows; "
                "add bn or remove nobias."
            )

    def __str__(self) -> str:
        words = [str(layer) for layer in self.layers] + [self.head.value]
        words += ["bn"] * self.batch_norm + ["nobias"] * (not self.conv_bias)
        words += [self.activation.value] * (self.activation is not Activation.RELU)
        words += [f"{self.dropout_kind}{self.dropout:g}"] * (self.dropout > 0)
        return "-".join(words)


def named(layers: Iterable[Layer]) -> list[tuple[str, Layer]]:
    """Pair every layer with its name in the network summary, the module and error messages."""
    counts = {"conv": 0, "transition": 0, "pool": 0}
    pairs = []
    for layer in layers:
        if isinstance(layer, Conv):
            kind = "conv"
        else:
            # A transition's pool counts as a pool, so pool2 is always the second one.
            counts["pool"] += layer.pooled
            kind = "pool" if layer.filters is None else "transition"
        if kind != "pool":
            counts[kind] += 1
        pairs.append((f"{kind}{counts[kind]}", layer))
    return pairs


@lru_cache(maxsize=1024)
def parse(text: str) -> Spec:
    """Parse a network string; hyphens, commas or spaces may separate the words.

    Raises SpecError with the unknown word.
    """
    if len(text) > MAX_TEXT:
        raise SpecError(f"The network string has {len(text):,} characters; use at most {MAX_TEXT}.")
    layers: list[Layer] = []
    options: dict[str, str] = {}
    for word in re.split(r"[-,\s]+", text.strip(" \t\r\n-,").lower()):
        if layer := _layer(word):
            layers.append(layer)
        elif name := _option(word):
            if name in options:
                raise SpecError(f"“{word}”: {name} is given twice; remove one.")
            options[name] = word
        elif word:
            activations = ", ".join(one for one in Activation if one is not Activation.RELU)
            raise SpecError(
                f"Unknown layer “{word[:20]}”. Use 16, 16s, 16r, 16d, p10, t12, full, gap, bn, "
                f"nobias, {activations} or drop0.05."
            )
    prefix, _, rate = options.get("drop", "drop0").partition("drop")
    return Spec(
        layers=tuple(layers),
        head=Head(options.get("head", Head.FULL)),
        batch_norm="bn" in options,
        conv_bias="nobias" not in options,
        dropout=float(rate),
        dropout_kind=Dropout(f"{prefix}drop"),
        activation=Activation(options.get("activation", Activation.RELU)),
    )


def _layer(word: str) -> Layer | None:
    if match := re.fullmatch(r"(\d{1,9})(d?)([sr]?)", word, re.ASCII):
        filters, separable, border = match.groups()
        return Conv(int(filters), bool(border), bool(separable), residual=border == "r")
    if match := re.fullmatch(r"([pt])(\d{1,9})|p", word, re.ASCII):
        pooled = match[1] != "t"
        return Transition(int(match[2]) if match[2] else None, pooled)
    return None


def _option(word: str) -> str | None:
    """The network-wide option that a word sets, None if it sets none."""
    if word in list(Head):
        return "head"
    if word in list(Activation):
        return "activation"
    if re.fullmatch(r"c?drop(0|0?\.\d{1,4})", word, re.ASCII):
        return "drop"
    return word if word in ("bn", "nobias") else None
