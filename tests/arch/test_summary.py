"""The summary's counts against the ledger, its lines against the written module."""

import re
from typing import Any

import pytest
import torch

from mnistlab.arch.ledger import Ledger, ledger
from mnistlab.arch.presets import PRESETS, TARGETS
from mnistlab.arch.source import module_source
from mnistlab.arch.spec import parse
from mnistlab.arch.summary import lines, summary
from tests.random_specs import possible

LEDGERS = [ledger(p.spec) for p in PRESETS] + possible(80, 5000)


def number(text: str) -> int:
    return int(text.replace(",", ""))


@pytest.mark.parametrize("result", LEDGERS, ids=lambda r: str(r.spec))
def test_the_printed_counts_add_up_to_the_ledger_s(result: Ledger) -> None:
    text = summary(result)
    counts = re.findall(r"^\S+ \(\w+\) +\(None, [\d, ]+\) +([\d,]+)$", text, re.MULTILINE)
    total, trainable, other = (
        number(count) for count in re.findall(r"params: ([\d,]+) \(", text, re.MULTILINE)
    )
    assert len(counts) == len(lines(result))
    assert sum(map(number, counts)) == total == result.total
    assert (trainable, other) == (result.trainable, result.running)
    body = text.splitlines()[1:-3]
    assert len({len(line) for line in body}) == 1


@pytest.mark.parametrize("result", LEDGERS, ids=lambda r: str(r.spec))
def test_every_line_is_a_layer_of_the_written_module(result: Ledger) -> None:
    names: dict[str, Any] = {"__name__": "written"}
    exec(module_source(result.spec), names)
    network = names["network"]().eval()
    leaves = [(n, m) for n, m in network.named_modules() if not list(m.children())]
    assert [line.name for line in lines(result)] == [name for name, _ in leaves]
    x = torch.zeros(1, 1, 28, 28)
    for line, (name, layer) in zip(lines(result), leaves, strict=True):
        x = layer(x)
        channels_last = x.permute(0, 2, 3, 1) if x.dim() == 4 else x
        assert line.shape == tuple(channels_last.shape[1:]), name
        numbers = [v for k, v in layer.state_dict().items() if "num_batches" not in k]
        assert line.parameters == sum(v.numel() for v in numbers), name


def test_target_4_is_summed_up_as_keras_would() -> None:
    text = summary(ledger(TARGETS[3].spec)).splitlines()
    assert text[4].split(maxsplit=2)[2].rsplit(maxsplit=1) == ["(None, 26, 26, 8)", "80"]
    assert text[5].startswith("conv1.norm (BatchNormalization)  (None, 26, 26, 8) ")
    assert text[-3:] == [
        "Total params: 12,874 (50.29 KB)",
        "Trainable params: 12,682 (49.54 KB)",
        "Non-trainable params: 192 (768.00 B)",
    ]


def test_memory_changes_its_unit_at_1024() -> None:
    assert summary(ledger(TARGETS[0].spec)).splitlines()[-3:] == [
        "Total params: 1,595,316 (6.09 MB)",
        "Trainable params: 1,595,316 (6.09 MB)",
        "Non-trainable params: 0 (0.00 B)",
    ]
    text = summary(ledger(parse("127-128-gap-bn")))
    assert "Non-trainable params: 510 (1.99 KB)" in text
    text = summary(ledger(parse("128-gap-bn")))
    assert "Non-trainable params: 256 (1.00 KB)" in text
