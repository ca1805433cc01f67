"""The ledger's arithmetic against the built module, its gradient and a counted forward pass."""

import pytest
import torch
from torch import nn

from mnistlab.arch.build import build
from mnistlab.arch.layers import DropoutReLU
from mnistlab.arch.ledger import Kind, ledger
from mnistlab.arch.presets import PRESETS, TARGETS
from mnistlab.arch.spec import Spec, SpecError, parse
from tests.random_specs import possible

SPECS = [p.spec for p in PRESETS] + [result.spec for result in possible(300, 1000)]


def test_the_article_s_totals() -> None:
    assert [ledger(p.spec).total for p in TARGETS] == [1_595_316, 12_490, 12_874, 12_874]
    reported = [p.article.parameters for p in TARGETS if p.article]
    assert reported == [1_595_316, 12_490, 12_874, 12_874]
    assert ledger(PRESETS[3].spec).running == 192


def test_the_article_s_receptive_field_reaches_the_input_s_28_pixels() -> None:
    rows = ledger(PRESETS[0].spec).rows
    assert [row.receptive_field for row in rows] == [3, 5, 5, 6, 10, 14, 18, 22, 22, 28]


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_parameters_and_shapes_match_the_built_module(spec: Spec) -> None:
    network = build(spec).eval()
    counted = network_counts(network)
    x = torch.zeros(1, 1, 28, 28)
    macs = 0
    for row in ledger(spec).rows:
        module = network.get_submodule(row.name)
        assert counted[row.name] == (row.trainable, row.running), row.name
        if row.kind is Kind.LINEAR:
            x = x.flatten(1)
        inside = x.shape
        x = module(x)
        assert inside[1] == row.in_channels and x.shape[1] == row.out_channels, row.name
        if row.kind is not Kind.LINEAR:
            assert inside[2] == row.in_size and x.shape[2:] == (row.out_size,) * 2, row.name
        expected = macs_of(module, x)
        assert row.macs == expected, row.name
        macs += expected
    assert x.flatten(1).shape == (1, 10)
    assert ledger(spec).macs == macs


def network_counts(network: nn.Sequential) -> dict[str, tuple[int, int]]:
    """Per top-level submodule: learnt numbers, and batch norm's running ones."""
    return {
        name: (
            sum(p.numel() for p in module.parameters()),
            sum(b.numel() for key, b in module.named_buffers() if "running" in key),
        )
        for name, module in network.named_children()
    }


def macs_of(module: nn.Module, out: torch.Tensor) -> int:
    """Every output element of a layer with weights costs one dot product with its kernel."""
    weighted = [m for m in module.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    return sum(m.weight[0].numel() * out.numel() for m in weighted)


@pytest.mark.parametrize("spec", SPECS[:4] + SPECS[4:64], ids=str)
def test_receptive_fields_match_the_extent_of_the_gradient(spec: Spec) -> None:
    """The pixels that change a unit are exactly the ledger's square, cut at the image's edge."""
    network = as_positive_sums(build(spec).eval())
    image = torch.zeros(1, 1, 28, 28, dtype=torch.float64, requires_grad=True)
    x = image
    for row in ledger(spec).rows:
        if row.kind is Kind.LINEAR:
            continue
        x = network.get_submodule(row.name)(x)
        unit = row.out_size // 2
        (gradient,) = torch.autograd.grad(x[0, 0, unit, unit], image, retain_graph=True)
        seen = gradient[0, 0].ne(0)
        first = row.start + unit * row.jump
        expected = set(range(max(first, 0), min(first + row.receptive_field, 28)))
        assert set(seen.any(0).nonzero().flatten().tolist()) == expected, row.name
        assert set(seen.any(1).nonzero().flatten().tolist()) == expected, row.name


def as_positive_sums(network: nn.Sequential) -> nn.Sequential:
    """Every weight 1 and every maximum an average, so that no gradient vanishes by chance."""
    for name, module in list(network.named_modules()):
        if isinstance(module, nn.Conv2d):
            nn.init.ones_(module.weight)
        if isinstance(module, nn.MaxPool2d):
            network.set_submodule(name, nn.AvgPool2d(module.kernel_size))
        if isinstance(module, nn.ReLU | DropoutReLU | nn.BatchNorm2d):
            network.set_submodule(name, nn.Identity())
    return network.double()


@pytest.mark.parametrize(
    ("text", "layer"),
    [
        ("8-p-8-p-8-p-8-8", "conv4"),
        ("8-p-p-p-p-8", "conv2"),
        ("8-p-p-p-p-p", "pool5"),
        ("-".join(["8"] * 14), "conv14"),
    ],
)
def test_maps_that_run_out_are_refused_with_the_layer_s_name(text: str, layer: str) -> None:
    with pytest.raises(SpecError, match=f"^{layer}: .* on a .* map; "):
        ledger(parse(text))


def test_networks_that_would_stall_the_machine_are_refused() -> None:
    with pytest.raises(SpecError, match="fewer filters"):
        ledger(parse("1024-1024"))
    with pytest.raises(SpecError, match="pool earlier"):
        ledger(parse("-".join(["256s"] * 7)))


def test_building_with_a_seed_is_repeatable_and_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first, second = (build(PRESETS[3].spec, seed=3).state_dict() for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(first[key], second[key]) for key in first)
    for other in (build(PRESETS[3].spec, seed=4), build(PRESETS[3].spec)):
        assert not torch.equal(first["conv1.conv.weight"], other.state_dict()["conv1.conv.weight"])
