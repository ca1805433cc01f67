"""Rules about training: biases, dropout, batch norm, and speed."""

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
"""The most 3×3 convolutions that train reliably without batch norm."""
MAX_NAMES = 6
"""The most layers that one sentence lists."""


def redundant_bias(result: NetworkSummary) -> Iterator[Advice]:
    spec = result.spec
    n_biases = sum(layer.filters for layer in spec.layers if isinstance(layer, Conv))
    if not (spec.batch_norm and spec.conv_bias and n_biases):
        return
    yield Advice(
        Rule.BIAS,
        "network",
        f"Bias before batch norm is redundant; removing it saves {n_biases:,} parameters.",
        *fixes.first_valid(result, [("Remove biases", replace(spec, conv_bias=False))]),
    )


def high_dropout(result: NetworkSummary) -> Iterator[Advice]:
    spec, rate = result.spec, result.spec.dropout
    name, layer = named(spec.layers)[-1]
    averaged = spec.head is Head.GAP
    last = isinstance(layer, Conv) and rate > (0 if averaged else MAX_LAST_DROPOUT)
    if not last and not (fixes.conv_count(spec) and rate > MAX_DROPOUT):
        return
    if last:
        reason = (
            f"Only the head follows {name}, so dropout {short_percent(rate)} there disturbs the "
            "logits directly."
        )
    else:
        percent = short_percent(rate)
        reason = f"Dropout {percent} is high: {result.total:,} parameters can hardly overfit."
    if rate > MILD_DROPOUT:
        label, new_rate = f"Lower dropout to {short_percent(MILD_DROPOUT)}", MILD_DROPOUT
    else:
        label, new_rate = "Remove dropout", 0.0
    yield Advice(
        Rule.DROPOUT,
        name if last else "network",
        reason,
        *fixes.first_valid(result, [(label, replace(spec, dropout=new_rate))]),
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
        f"Without batch norm, {convs} 3×3 convolutions need a lower learning rate, and some runs "
        f"fail to train. Batch norm costs {cost:,} parameters, four per channel.",
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
            f"{name} is depthwise-separable with one input channel, so its {layer.filters} feature "
            "maps are multiples of one 3×3 kernel's output.",
            *fixes.first_valid(
                result,
                [
                    (
                        f"Use an ordinary 3×3 for {name}",
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
    # Filters halfway between two multiples go up if the budget allows, else down.
    label = f"Round filters to multiples of {SIMD_WIDTH}"
    candidates = (
        (label, fixes.rounded_filters(spec, offset))
        for offset in (SIMD_WIDTH // 2, SIMD_WIDTH // 2 - 1)
    )
    yield Advice(
        Rule.ALIGNMENT,
        "network",
        f"Multiples of {SIMD_WIDTH} train fastest on CPUs ({_enumerate(names)} "
        f"{'is' if len(names) == 1 else 'are'} not).",
        *fixes.first_valid(result, candidates),
    )


def _enumerate(names: list[str]) -> str:
    if len(names) <= MAX_NAMES:
        return ", ".join(names)
    return f"{', '.join(names[: MAX_NAMES - 1])} and {len(names) - MAX_NAMES + 1} more"
