"""A network as a value, and its text form.

The text is a list of words joined by hyphens, short enough to type and made only of characters
that an address leaves alone::

    8-16-p10-16-20-t12-16-20-full-bn-drop0.05

    16      3×3 convolution to 16 maps, no padding        16s     the same, zero-padded ("same")
    p10     transition: 1×1 to 10 maps, then 2×2 pool     p       the pool alone
    t12     partial transition: 1×1 to 12 maps, no pool
    full    head: 1×1 to 10 maps, then a convolution over the whole map (the default)
    gap     head: global average pooling, then a linear layer
    bn      batch norm after every 3×3 convolution        nobias  no bias where batch norm follows
    drop0.1 dropout after every 3×3 convolution, element by element; cdrop0.1: whole channels
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from mnistlab.errors import LabError

CLASSES = 10
MAX_LAYERS = 40
MAX_FILTERS = 1024
MAX_DROPOUT = 0.9
MAX_TEXT = 500


class SpecError(LabError):
    """A network that cannot be, with the layer's name and the mend."""


@dataclass(frozen=True)
class Conv:
    """A 3×3 convolution with stride 1, then (batch norm), ReLU, (dropout)."""

    filters: int
    padded: bool = False

    def __str__(self) -> str:
        return f"{self.filters}{'s' if self.padded else ''}"


@dataclass(frozen=True)
class Transition:
    """A 1×1 convolution to `filters` maps and ReLU, then a 2×2 max-pool if `pooled`.

    `filters=None` leaves the convolution out; `pooled=False` makes the transition partial.
    """

    filters: int | None
    pooled: bool = True

    def __str__(self) -> str:
        return f"{'p' if self.pooled else 't'}{self.filters or ''}"


Layer = Conv | Transition


class Head(StrEnum):
    """How the last maps become ten scores."""

    FULL = "full"
    GAP = "gap"


class Dropout(StrEnum):
    """What dropout drops: single elements (the article's) or whole channels."""

    ELEMENT = "drop"
    CHANNEL = "cdrop"


@dataclass(frozen=True)
class Spec:
    """An architecture for 28×28 grey images and ten classes.

    Raises SpecError if a bound is broken; whether the maps run out is the ledger's business.
    """

    layers: tuple[Layer, ...]
    head: Head = Head.FULL
    batch_norm: bool = False
    conv_bias: bool = True
    dropout: float = 0.0
    dropout_kind: Dropout = Dropout.ELEMENT

    def __post_init__(self) -> None:
        if not self.layers:
            raise SpecError("The network has no layers; start with a number of filters, such as 8.")
        if len(self.layers) > MAX_LAYERS:
            raise SpecError(
                f"The network has {len(self.layers):,} layers; the lab takes at most {MAX_LAYERS}."
            )
        for name, layer in named(self.layers):
            if isinstance(layer, Transition) and layer.filters is None:
                if not layer.pooled:
                    raise SpecError(f"{name}: a partial transition needs a number of filters.")
            elif not 1 <= (layer.filters or 0) <= MAX_FILTERS:
                raise SpecError(
                    f"{name}: {layer.filters:,} filters; choose between 1 and {MAX_FILTERS:,}."
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
        words += [f"{self.dropout_kind}{self.dropout:g}"] * (self.dropout > 0)
        return "-".join(words)


def named(layers: Iterable[Layer]) -> list[tuple[str, Layer]]:
    """Pair every layer with the name that the ledger, the module and the errors call it by."""
    counts = {"conv": 0, "transition": 0, "pool": 0}
    pairs = []
    for layer in layers:
        if isinstance(layer, Conv):
            kind = "conv"
        else:
            # A pooled transition's pool is counted with the pools, so pool 2 is the second halving.
            counts["pool"] += layer.pooled
            kind = "pool" if layer.filters is None else "transition"
        if kind != "pool":
            counts[kind] += 1
        pairs.append((f"{kind}{counts[kind]}", layer))
    return pairs


@lru_cache(maxsize=1024)
def parse(text: str) -> Spec:
    """Read the text form; hyphens, commas or spaces may stand between the words.

    Raises SpecError with the word that was not understood.
    """
    if len(text) > MAX_TEXT:
        raise SpecError(
            f"The network's text has {len(text):,} characters; the lab reads at most {MAX_TEXT}."
        )
    layers: list[Layer] = []
    head: Head | None = None
    options: dict[str, str] = {}
    for word in re.split(r"[-,\s]+", text.strip(" \t\r\n-,").lower()):
        if layer := _layer(word):
            layers.append(layer)
        elif word in (Head.FULL, Head.GAP):
            if head:
                raise SpecError(f"“{word}”: the network already has the head “{head}”.")
            head = Head(word)
        elif match := re.fullmatch(r"(bn|nobias)|(c?drop)(0|0?\.\d{1,4})", word, re.ASCII):
            name = match[1] or "drop"
            if name in options:
                raise SpecError(f"“{word}”: {name} is given twice.")
            options[name] = word
        elif word:
            raise SpecError(
                f"“{word[:20]}” is not a part of a network; write 16 (a 3×3 convolution), 16s "
                "(padded), p10 or t12 (transitions), full or gap (the head), bn, nobias, drop0.05."
            )
    kind, _, rate = options.get("drop", "drop0").partition("drop")
    return Spec(
        layers=tuple(layers),
        head=head or Head.FULL,
        batch_norm="bn" in options,
        conv_bias="nobias" not in options,
        dropout=float(rate),
        dropout_kind=Dropout(f"{kind}drop"),
    )


def _layer(word: str) -> Layer | None:
    if match := re.fullmatch(r"(\d{1,9})(s?)", word, re.ASCII):
        return Conv(int(match[1]), padded=bool(match[2]))
    if match := re.fullmatch(r"([pt])(\d{1,9})|p", word, re.ASCII):
        pooled = match[1] != "t"
        return Transition(int(match[2]) if match[2] else None, pooled)
    return None
