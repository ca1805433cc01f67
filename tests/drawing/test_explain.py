"""Explanations against the network itself: sums that are its scores, pixels that it cannot see."""

import pytest
import torch
from torch import nn

from mnistlab.arch.build import build
from mnistlab.arch.presets import PRESETS
from mnistlab.arch.spec import parse
from mnistlab.arch.summary import summarize
from mnistlab.charts.receptive_field import unit_field
from mnistlab.data.mnist import LabeledImages, normalize
from mnistlab.drawing.explain import (
    class_activation_maps,
    feature_maps,
    index_images,
    occlusion_maps,
    penultimate_features,
)
from mnistlab.training.evaluate import logits


def image(seed: int = 0) -> torch.Tensor:
    draw = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (28, 28), generator=draw).byte()


@pytest.mark.parametrize(
    "text", ["8-16-p10-16-20-t12-16-20-full-bn", "6-p-8-gap", "5-6-p-7-gap-bn"]
)
def test_exact_attributions_and_bias_add_up_to_the_logits(text: str) -> None:
    network = build(parse(text), 3).eval()
    actual = class_activation_maps(network, image())
    assert actual is not None and actual.exact and actual.bias is not None
    scores = torch.from_numpy(actual.maps.sum((1, 2)) + actual.bias)
    torch.testing.assert_close(scores, logits(network, image()[None])[0], rtol=1e-4, atol=1e-4)


def test_last_maps_of_one_unit_have_no_activation_map() -> None:
    network = build(parse("12-16-p-16-20-20-p-20-gap-bn-nobias"), 0).eval()
    assert class_activation_maps(network, image()) is None


def test_occlusion_subtracts_the_covered_ink_s_logit() -> None:
    class Ink(nn.Module):
        """Scores 3 by the ink of one pixel, and nothing else by anything."""

        def forward(self, maps: torch.Tensor) -> torch.Tensor:
            scores = torch.zeros(len(maps), 10)
            scores[:, 3] = maps[:, 0, 10, 18]
            return scores

    drawing = torch.zeros(28, 28, dtype=torch.uint8)
    drawing[10, 18] = drawing[20, 5] = 255
    actual = occlusion_maps(nn.Sequential(Ink()), drawing)
    assert not actual.exact and actual.maps.shape == (10, 28, 28)
    three, other = actual.maps[3], actual.maps[4]
    assert three.argmax() == 10 * 28 + 18 and three[20, 5] == 0 and abs(three[0, 0]) < 1e-6
    assert other[10, 18] == pytest.approx(-three[10, 18] / 9, rel=1e-4), "from the ten's mean"


@pytest.mark.parametrize("preset", PRESETS[1:], ids=lambda preset: preset.name)
def test_maps_have_the_summary_s_shapes_and_units_their_receptive_fields(preset) -> None:  # type: ignore[no-untyped-def]
    network, rows = build(preset.spec, 0).eval(), summarize(preset.spec).rows
    actual = feature_maps(network, image())
    for row in rows:
        if row.name in actual:
            assert actual[row.name].shape == (row.out_channels, row.out_size, row.out_size)
    row = next(row for row in rows if row.name == "conv3")
    place = (1, row.out_size - 2)
    (top, bottom), (left, right) = (unit_field(row, unit).inside for unit in place)
    changed = image(1)
    changed[top:bottom, left:right] = image()[top:bottom, left:right]
    other = feature_maps(network, changed)["conv3"]
    before = actual["conv3"]
    assert abs(other[:, place[0], place[1]] - before[:, place[0], place[1]]).max() < 1e-5
    assert abs(other - before).max() > 1e-3, "units that see elsewhere do change"


@pytest.mark.parametrize("text", ["6-p-8-gap-bn", "4-p4-6-full"])
def test_penultimate_features_are_the_last_layer_s_inputs(text: str) -> None:
    network = build(parse(text), 1).eval()
    images = torch.stack([image(seed) for seed in range(5)])
    features = penultimate_features(network, images)
    last = list(network.children())[-1 if text.endswith("bn") else -2]
    with torch.inference_mode():
        if isinstance(last, nn.Linear):
            scores = last(features)
        else:
            side = int((features.shape[1] / 10) ** 0.5)
            scores = last(features.view(5, 10, side, side)).flatten(1)
        torch.testing.assert_close(scores, network(normalize(images)), rtol=1e-4, atol=1e-4)


def test_a_digit_is_its_own_nearest_neighbor() -> None:
    network = build(parse("6-p-8-gap-bn"), 1).eval()
    images = torch.stack([image(seed) for seed in range(40)])
    known = index_images(network, LabeledImages(images, torch.arange(40) % 10))
    for index in (0, 17, 39):
        nearest = known.nearest(network, images[index], 3)
        assert nearest[0] == (index, index % 10) and len(nearest) == 3
    assert len(known.nearest(network, images[0], 100)) == 40
