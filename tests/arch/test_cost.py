"""What a layer costs, against the built module: maps that hooks see on their way."""

import pytest
import torch
from torch import Tensor, nn

from mnistlab.arch.blocks import LayerType
from mnistlab.arch.build import build
from mnistlab.arch.cost import FLOAT_BYTES, activation_bytes, activation_memory, layer_cost
from mnistlab.arch.presets import PRESETS
from mnistlab.arch.spec import parse
from mnistlab.arch.summary import NetworkSummary, summarize
from tests.random_specs import possible

SUMMARIES = [summarize(p.spec) for p in PRESETS[1:]] + possible(25, 900)


@pytest.mark.parametrize("result", SUMMARIES, ids=lambda r: str(r.spec))
def test_activation_memory_is_the_built_network_s(result: NetworkSummary) -> None:
    network = build(result.spec, 0).eval()
    sizes: dict[str, int] = {}
    for name, module in network.named_children():

        def hook(_: nn.Module, __: object, maps: Tensor, name: str = name) -> None:
            sizes[name] = maps.numel() * maps.element_size()

        module.register_forward_hook(hook)
    with torch.inference_mode():
        network(torch.zeros(1, 1, 28, 28))
    sizes.pop("flatten")
    assert sizes == {row.name: activation_bytes(row) for row in result.rows}
    assert sum(sizes.values()) == activation_memory(result)


def test_cost_terms_are_each_layer_s() -> None:
    plain, normed = (summarize(parse(f"8-p4-8-gap{end}")) for end in ("", "-bn-drop0.1"))
    values = [row.out_channels * row.out_size**2 for row in plain.rows]
    for result in (plain, normed):
        work = [layer_cost(row, 64) for row in result.rows]
        # Channels count in eights: the 4 of transition1 are read as 8.
        macs = [row.macs * (2 if row.name == "conv2" else 1) for row in result.rows]
        assert [one.macs for one in work] == macs
        assert sum(one.images for one in work) == 0
        calls = [1 + (row.kind is LayerType.CONV and result is normed) for row in result.rows]
        assert [64 * one.calls for one in work] == calls
        for row, size, one in zip(result.rows, values, work, strict=True):
            block = row.kind is LayerType.CONV and result is normed
            assert one.normed == one.dropped == (size if block else 0)
        pool = next(
            w for w, row in zip(work, result.rows, strict=True) if row.kind is LayerType.POOL
        )
        assert pool.values == 4 * 26**2
    whole = summarize(parse("8-p4-8-gap-bn-cdrop0.1"))
    assert not any(layer_cost(row, 64).dropped for row in whole.rows)
    assert activation_bytes(plain.rows[0]) == FLOAT_BYTES * 8 * 26 * 26


def test_the_other_kinds_of_layers_add_their_outputs() -> None:
    rows = {row.name: row for row in summarize(parse("4-4dr-4r-gap-gelu")).rows}
    size = 4 * 26**2
    plain, separable, residual = (layer_cost(rows[f"conv{n}"], 1) for n in (1, 2, 3))
    assert plain.values == 2 * size, "the convolution's and GELU's"
    assert residual.values == 3 * size, "the sum's as well"
    assert separable.values == 4 * size, "and the depthwise convolution's"
    # The depthwise convolution's four channels count as eight.
    assert separable.macs == 26**2 * (9 * 8 + 4 * 4)
    leaky = summarize(parse("4-gap-leaky")).rows[0]
    assert layer_cost(leaky, 1) == layer_cost(summarize(parse("4-gap")).rows[0], 1)
