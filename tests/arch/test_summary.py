"""The network summary against the built module, its gradient and a counted forward pass."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from mnistlab.arch.blocks import LayerType
from mnistlab.arch.build import build
from mnistlab.arch.modules import Add, Dropout, FullMapConv2d, ReLUDropout
from mnistlab.arch.presets import ARTICLE_PRESETS, PRESETS
from mnistlab.arch.spec import Spec, SpecError, parse
from mnistlab.arch.summary import summarize
from tests.random_specs import possible

SPECS = [p.spec for p in PRESETS] + [result.spec for result in possible(300, 1000)]


def test_the_article_s_totals() -> None:
    assert [summarize(p.spec).total for p in ARTICLE_PRESETS] == [1_595_316, 12_490, 12_874, 12_874]
    reported = [p.article.parameters for p in ARTICLE_PRESETS if p.article]
    assert reported == [1_595_316, 12_490, 12_874, 12_874]
    assert summarize(PRESETS[3].spec).non_trainable == 192


def test_the_article_s_receptive_field_reaches_the_input_s_28_pixels() -> None:
    rows = summarize(PRESETS[0].spec).rows
    assert [row.receptive_field for row in rows] == [3, 5, 5, 6, 10, 14, 18, 22, 22, 28]


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_parameters_and_shapes_match_the_built_module(spec: Spec) -> None:
    network = build(spec).eval()
    counted = network_counts(network)
    x = torch.zeros(1, 1, 28, 28)
    macs = 0
    for row in summarize(spec).rows:
        module = network.get_submodule(row.name)
        assert counted[row.name] == (row.trainable, row.non_trainable), row.name
        if row.kind is LayerType.LINEAR:
            x = x.flatten(1)
        inside = x.shape
        macs_seen: list[int] = []
        hooks = [m.register_forward_hook(count_macs(macs_seen)) for m in weighted(module)]
        x = module(x)
        for hook in hooks:
            hook.remove()
        assert inside[1] == row.in_channels and x.shape[1] == row.out_channels, row.name
        if row.kind is not LayerType.LINEAR:
            assert inside[2] == row.in_size and x.shape[2:] == (row.out_size,) * 2, row.name
        assert row.macs == sum(macs_seen), row.name
        macs += row.macs
    assert x.flatten(1).shape == (1, 10)
    assert summarize(spec).macs == macs


def network_counts(network: nn.Sequential) -> dict[str, tuple[int, int]]:
    """Per top-level submodule: learned numbers, and batch norm's running ones."""
    return {
        name: (
            sum(p.numel() for p in module.parameters()),
            sum(b.numel() for key, b in module.named_buffers() if "running" in key),
        )
        for name, module in network.named_children()
    }


def weighted(module: nn.Module) -> list[nn.Module]:
    return [m for m in module.modules() if isinstance(m, nn.Conv2d | nn.Linear)]


def count_macs(seen: list[int]) -> Callable[..., None]:
    """A hook: every output element of a layer with weights is a dot product with its kernel."""

    def hook(module: Any, _: object, out: torch.Tensor) -> None:
        seen.append(module.weight[0].numel() * out.numel())

    return hook


@pytest.mark.parametrize("spec", SPECS[:4] + SPECS[4:64], ids=str)
def test_receptive_fields_match_the_extent_of_the_gradient(spec: Spec) -> None:
    """The pixels that change a unit are exactly the summary's square, cut at the image's edge."""
    network = as_positive_sums(build(spec).eval())
    image = torch.zeros(1, 1, 28, 28, dtype=torch.float64, requires_grad=True)
    x = image
    for row in summarize(spec).rows:
        if row.kind is LayerType.LINEAR:
            continue
        x = network.get_submodule(row.name)(x)
        unit = row.out_size // 2
        (gradient,) = torch.autograd.grad(x[0, 0, unit, unit], image, retain_graph=True)
        seen = gradient[0, 0].ne(0)
        first = row.first_pixel + unit * row.effective_stride
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
        layer_types = (
            nn.Sequential | nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d | nn.Linear | nn.Flatten | Add
        )
        if not isinstance(module, layer_types):
            network.set_submodule(name, nn.Identity())
    return network.double()


# SHA-256 of names and weights, cut to 16 digits, as checkpoints were first drawn from seed 0.
DRAWN = {
    "target-1": "28dc074ed1fe6504",
    "target-2": "da39548f38b7fbd7",
    "target-3": "5aa2ba3a92ea5577",
    "target-4": "5aa2ba3a92ea5577",
    "most-accurate": "c21a7d90f85d63d1",
    "smallest": "156c528abb761f98",
}


@pytest.mark.parametrize("preset", PRESETS, ids=lambda p: p.name)
def test_a_preset_s_names_and_first_weights_never_change(preset: Any) -> None:
    """Checkpoints load by these names, and a run is repeated from these bits."""
    digest = hashlib.sha256()
    for name, value in build(preset.spec, seed=0).state_dict().items():
        digest.update(name.encode())
        digest.update(value.numpy().tobytes())
    assert digest.hexdigest()[:16] == DRAWN[preset.name]


def test_where_the_quick_layers_are_built() -> None:
    network: Any = build(parse("8-8r-p-8-full-bn-drop0.1"))
    assert list(dict(network.conv2.named_children())) == ["conv", "norm", "add", "relu"]
    assert isinstance(network.conv2.relu, ReLUDropout) and network.conv2.relu.rate == 0.1
    assert isinstance(network.head2, FullMapConv2d)
    other: Any = build(parse("8-8-full-gelu-cdrop0.1"))
    assert list(dict(other.conv1.named_children())) == ["conv", "gelu", "dropout"]
    assert isinstance(other.conv1.dropout, Dropout) and other.conv1.dropout.channels


@pytest.mark.parametrize("seed", range(20))
def test_a_residual_block_adds_its_input_before_the_activation(seed: int) -> None:
    torch.manual_seed(seed)
    text = ("8-8r-gap", "8-8dr-gap-bn", "8-8r-gap-leaky-drop0.2", "8-8r-gap-gelu-bn")[seed % 4]
    network: Any = build(parse(text)).eval()
    block = network.conv2
    maps = torch.randn(3, 8, 9, 9)
    layers = dict(block.named_children())
    output = maps
    for name in ("conv", "depthwise", "pointwise", "norm"):
        output = layers[name](output) if name in layers else output
    activation = {"leaky": functional.leaky_relu, "gelu": functional.gelu}
    function: Any = next(
        (activation[name] for name in activation if name in layers), functional.relu
    )
    torch.testing.assert_close(block(maps.clone()), function(output + maps))


def test_a_residual_connection_between_different_widths_is_refused_with_the_fix() -> None:
    with pytest.raises(SpecError, match=r"^conv2: .* 8 input channels .* 16 filters; give conv2 8"):
        summarize(parse("8-16r"))
    assert summarize(parse("8-p-8r-8dr")).receptive_field


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
        summarize(parse(text))


def test_networks_that_would_stall_the_machine_are_refused() -> None:
    with pytest.raises(SpecError, match="fewer filters"):
        summarize(parse("1024-1024"))
    with pytest.raises(SpecError, match="pool earlier"):
        summarize(parse("-".join(["256s"] * 7)))


def test_building_with_a_seed_is_repeatable_and_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first, second = (build(PRESETS[3].spec, seed=3).state_dict() for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(first[key], second[key]) for key in first)
    for other in (build(PRESETS[3].spec, seed=4), build(PRESETS[3].spec)):
        assert not torch.equal(first["conv1.conv.weight"], other.state_dict()["conv1.conv.weight"])
