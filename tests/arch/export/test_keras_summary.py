"""The summary's counts against the network summary, its lines against the written module."""

import re
from typing import Any

import pytest
import torch
from torch import nn

from mnistlab.arch.export.keras_summary import keras_summary, lines
from mnistlab.arch.export.pytorch import pytorch_source
from mnistlab.arch.presets import ARTICLE_PRESETS, PRESETS
from mnistlab.arch.spec import parse
from mnistlab.arch.summary import NetworkSummary, summarize
from tests.random_specs import possible

SUMMARIES = [summarize(p.spec) for p in PRESETS] + possible(80, 5000)


def number(text: str) -> int:
    return int(text.replace(",", ""))


@pytest.mark.parametrize("result", SUMMARIES, ids=lambda r: str(r.spec))
def test_the_printed_counts_add_up_to_the_network_summary_s(result: NetworkSummary) -> None:
    text = keras_summary(result)
    counts = re.findall(r"^\S+ \(\w+\) +\(None, [\d, ]+\) +([\d,]+)$", text, re.MULTILINE)
    total, trainable, other = (
        number(count) for count in re.findall(r"params: ([\d,]+) \(", text, re.MULTILINE)
    )
    assert len(counts) == len(lines(result))
    assert sum(map(number, counts)) == total == result.total
    assert (trainable, other) == (result.trainable, result.non_trainable)
    body = text.splitlines()[1:-3]
    assert len({len(line) for line in body}) == 1


@pytest.mark.parametrize("result", SUMMARIES, ids=lambda r: str(r.spec))
def test_every_line_is_a_layer_of_the_written_module(result: NetworkSummary) -> None:
    names: dict[str, Any] = {"__name__": "written"}
    exec(pytorch_source(result.spec), names)
    network = names["network"]().eval()
    shapes: dict[str, tuple[int, ...]] = {}
    for name, module in network.named_modules():

        def hook(_: nn.Module, __: object, out: torch.Tensor, name: str = name) -> None:
            last = out.permute(0, 2, 3, 1) if out.dim() == 4 else out
            shapes[name] = tuple(last.shape[1:])

        if not list(module.children()):
            module.register_forward_hook(hook)
    network(torch.zeros(1, 1, 28, 28))
    module_names = []
    for line in lines(result):
        block, _, children = line.name.rpartition(".")
        parts = [f"{block}.{child}".lstrip(".") for child in children.split("+")]
        module_names += parts
        assert line.shape == shapes[parts[-1]], line
        numbers = [
            value.numel()
            for part in parts
            for key, value in network.get_submodule(part).state_dict().items()
            if "num_batches" not in key
        ]
        assert line.parameters == sum(numbers), line
    assert module_names == list(shapes), "every layer has its line, in order"


def test_the_other_kinds_are_called_as_keras_calls_them() -> None:
    text = "8-8dr-gap-bn-leaky-cdrop0.1"
    kinds = [line.kind for line in lines(summarize(parse(text))) if line.name.startswith("conv2")]
    assert kinds == [
        "SeparableConv2D", "BatchNormalization", "Add", "LeakyReLU", "SpatialDropout2D"
    ]  # fmt: skip
    assert lines(summarize(parse("8-gelu")))[1].kind == "Activation"


def test_target_4_s_summary_is_keras_s() -> None:
    text = keras_summary(summarize(ARTICLE_PRESETS[3].spec)).splitlines()
    assert text[4].split(maxsplit=2)[2].rsplit(maxsplit=1) == ["(None, 26, 26, 8)", "80"]
    assert text[5].startswith("conv1.norm (BatchNormalization)  (None, 26, 26, 8) ")
    assert text[-3:] == [
        "Total params: 12,874 (50.29 KB)",
        "Trainable params: 12,682 (49.54 KB)",
        "Non-trainable params: 192 (768.00 B)",
    ]


def test_memory_changes_its_unit_at_1024() -> None:
    assert keras_summary(summarize(ARTICLE_PRESETS[0].spec)).splitlines()[-3:] == [
        "Total params: 1,595,316 (6.09 MB)",
        "Trainable params: 1,595,316 (6.09 MB)",
        "Non-trainable params: 0 (0.00 B)",
    ]
    text = keras_summary(summarize(parse("127-128-gap-bn")))
    assert "Non-trainable params: 510 (1.99 KB)" in text
    text = keras_summary(summarize(parse("128-gap-bn")))
    assert "Non-trainable params: 256 (1.00 KB)" in text
