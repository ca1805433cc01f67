"""Rules about what trains well: biases, dropout, batch norm, and what is quick to compute."""

from collections.abc import Iterator
from dataclasses import replace

from mnistlab.arch.advice import fixes
from mnistlab.arch.advice.rule import Advice, Rule
from mnistlab.arch.edit import with_layer
from mnistlab.arch.primitives import SIMD_WIDTH
from mnistlab.arch.spec import Conv, Head, named
from mnistlab.arch.summary import NetworkSummary
from mnistlab.text import short_percent

MAX_DROPOUT, MAX_LAST_DROPOUT, MILD_DROPOUT = 0.3, 0.2, 0.05
CONVS_WITHOUT_NORM = 4
"""As many 3×3 convolutions train well enough without batch norm."""
MAX_NAMES = 6
"""Layers that one sentence lists."""


def wasted_bias(result: NetworkSummary) -> Iterator[Advice]:
    spec = result.spec
    wasted = sum(layer.filters for layer in spec.layers if isinstance(layer, Conv))
    if not (spec.batch_norm and spec.conv_bias and wasted):
        return
    yield Advice(
        Rule.BIAS,
        "network",
        "Batch norm subtracts each map's mean, and with it the bias that the convolution has just "
        f"added. Without those biases the network says the same with {wasted:,} parameters fewer.",
        *fixes.first_valid(result, [("Remove the wasted biases", replace(spec, conv_bias=False))]),
    )


def high_dropout(result: NetworkSummary) -> Iterator[Advice]:
    spec, rate = result.spec, result.spec.dropout
    name, layer = named(spec.layers)[-1]
    averaged = spec.head is Head.GAP
    last = isinstance(layer, Conv) and rate > (0 if averaged else MAX_LAST_DROPOUT)
    if not last and not (fixes.conv_count(spec) and rate > MAX_DROPOUT):
        return
    if last and averaged:
        reason = (
            f"Only an average and the ten scores follow {name}: what dropout takes from it, "
            f"{short_percent(rate)}, is missing in the answer itself. The average evens out single "
            "elements, whole channels not at all."
        )
    elif last:
        reason = (
            f"Only the head follows {name}: the {short_percent(rate)} that dropout takes from it "
            "are missing in the answer itself, and no 3×3 convolution is left to make up for them."
        )
    else:
        reason = (
            f"Dropout takes {short_percent(rate)} of every 3×3 convolution's output. It keeps a "
            f"network from learning by heart; one of {result.total:,} parameters has little to do "
            "so with."
        )
    if rate > MILD_DROPOUT:
        label, change = f"Lower dropout to {short_percent(MILD_DROPOUT)}", MILD_DROPOUT
    else:
        label, change = "Leave dropout out", 0.0
    ways = [(label, replace(spec, dropout=change))]
    yield Advice(
        Rule.DROPOUT, name if last else "network", reason, *fixes.first_valid(result, ways)
    )


def missing_norm(result: NetworkSummary) -> Iterator[Advice]:
    spec = result.spec
    convs = fixes.conv_count(spec)
    if spec.batch_norm or convs <= CONVS_WITHOUT_NORM:
        return
    cost = 4 * sum(layer.filters for layer in spec.layers if isinstance(layer, Conv))
    yield Advice(
        Rule.NORM,
        "network",
        f"Without batch norm, {convs} convolutions of 3×3 need a smaller learning rate, and some "
        f"runs never begin to learn. Batch norm costs {cost:,} parameters, four for every map.",
        *fixes.first_valid(result, [("Add batch norm", replace(spec, batch_norm=True))]),
    )


def single_channel(result: NetworkSummary) -> Iterator[Advice]:
    spec = result.spec
    rows = {row.name: row for row in result.rows}
    for index, (name, layer) in enumerate(named(spec.layers)):
        if not (isinstance(layer, Conv) and layer.separable and rows[name].in_channels == 1):
            continue
        yield Advice(
            Rule.SINGLE,
            name,
            f"{name} is depthwise-separable and reads one channel, so its {layer.filters} feature "
            "maps are multiples of one 3×3 kernel's output. An ordinary convolution has a kernel "
            "for each.",
            *fixes.first_valid(
                result,
                [
                    (
                        f"Make {name} an ordinary 3×3 convolution",
                        with_layer(spec, index, replace(layer, separable=False)),
                    )
                ],
            ),
        )


def filter_alignment(result: NetworkSummary) -> Iterator[Advice]:
    spec = result.spec
    names = [
        name
        for name, layer in named(spec.layers)
        if isinstance(layer, Conv) and layer.filters % SIMD_WIDTH
    ]
    if not names:
        return
    # What lies halfway goes up where the budget has room for it.
    label = f"Round filters to multiples of {SIMD_WIDTH}"
    ways = (
        (label, fixes.rounded_filters(spec, halfway))
        for halfway in (SIMD_WIDTH // 2, SIMD_WIDTH // 2 - 1)
    )
    yield Advice(
        Rule.ALIGNMENT,
        "network",
        f"A CPU works on {SIMD_WIDTH} or {2 * SIMD_WIDTH} numbers at a time, so filters in "
        "multiples of "
        f"{SIMD_WIDTH} are the quickest. Others ({_listed(names)}) cost time, not accuracy.",
        *fixes.first_valid(result, ways),
    )


def _listed(names: list[str]) -> str:
    if len(names) <= MAX_NAMES:
        return ", ".join(names)
    return f"{', '.join(names[: MAX_NAMES - 1])} and {len(names) - MAX_NAMES + 1} more"
