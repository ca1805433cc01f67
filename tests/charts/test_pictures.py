"""The network's picture and the receptive fields' ruler, parsed from their SVG."""

import itertools
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from mnistlab.arch.presets import PRESETS
from mnistlab.arch.spec import INPUT_SIZE, parse
from mnistlab.arch.summary import summarize
from mnistlab.charts.network import PIXEL, network_picture
from mnistlab.charts.receptive_field import PIXEL as RULED
from mnistlab.charts.receptive_field import receptive_field_picture, unit_field
from tests.random_specs import possible

SUMMARIES = [summarize(p.spec) for p in PRESETS] + [summarize(parse("-".join(["8s"] * 40)))]
SUMMARIES += possible(120)


def by_layer(drawing: str) -> dict[str, ElementTree.Element]:
    """What stands for each row; the drawing must be well-formed."""
    named = [e for e in ElementTree.fromstring(drawing).iter() if "data-part" in e.attrib]
    elements = {e.attrib["data-part"]: e for e in named}
    assert len(elements) == len(named), "a row is drawn once"
    return elements


def test_the_picture_draws_every_map_to_scale() -> None:
    for result in SUMMARIES:
        drawn = by_layer(network_picture(result))
        assert list(drawn) == [row.name for row in result.rows]
        for row in result.rows:
            face = next(e for e in drawn[row.name].iter("rect") if e.get("class") == "lab-face")
            assert float(face.attrib["width"]) == pytest.approx(row.out_size * PIXEL, abs=0.06)
            shape = f"{row.out_channels} × {row.out_size}²" if row.out_size > 1 else ""
            assert shape in "".join(drawn[row.name].itertext())


def test_the_deeper_box_has_more_channels() -> None:
    for result in SUMMARIES:
        drawn = by_layer(network_picture(result))
        depth = {
            row.name: float(drawn[row.name].find("svg").attrib["width"]) - row.out_size * PIXEL  # type: ignore[union-attr]
            for row in result.rows
        }
        for a in result.rows:
            for b in result.rows:
                if a.out_channels > b.out_channels:
                    assert depth[a.name] >= depth[b.name] - 0.2


def test_the_picture_shows_target_4_s_blocks() -> None:
    picture = network_picture(summarize(PRESETS[3].spec))
    titles = re.findall('lab-group-name">(.*?)</p>', picture)
    assert titles == [
        "input", "block 1", "transition", "block 2", "partial transition", "block 3", "head"
    ]  # fmt: skip


def test_shortcuts_and_depthwise_windows_are_drawn_where_they_are() -> None:
    result = summarize(parse("8-8r-p-12d-12dr-16-gap"))
    drawn = by_layer(network_picture(result))

    def marked(kind: str) -> list[str]:
        return [
            name
            for name, e in drawn.items()
            if f'class="{kind}' in ElementTree.tostring(e, "unicode")
        ]

    assert marked("lab-shortcut") == ["conv2", "conv4"]
    # A window stands on the maps that it reads.
    assert marked("lab-window lab-depthwise") == ["pool1", "conv3"]
    for name, element in drawn.items():
        text = "".join(element.itertext())
        assert ("residual" in text) == (name in ("conv2", "conv4"))
        assert ("separable" in text) == (name in ("conv3", "conv4"))


def test_the_selected_layer_is_marked_once() -> None:
    result = summarize(PRESETS[3].spec)
    digit = np.zeros((28, 28), np.uint8)
    for drawing in (
        network_picture(result, "conv4"),
        receptive_field_picture(result, "conv4", digit),
    ):
        pressed = [n for n, e in by_layer(drawing).items() if e.attrib["aria-pressed"] == "true"]
        assert pressed == ["conv4"]
    assert "data:image/png" in receptive_field_picture(result, "conv4", digit)


def test_the_ruler_s_bars_are_the_middle_units_receptive_fields() -> None:
    for result in SUMMARIES:
        drawn = by_layer(receptive_field_picture(result, "", None))
        for row in result.rows:
            bar = next(e for e in drawn[row.name].iter("rect") if e.get("class") == "lab-view")
            low, high = unit_field(row).inside
            assert float(bar.attrib["width"]) == (high - low) * RULED
            assert high - low <= row.receptive_field
            ticks = drawn[row.name].find("path").attrib["d"].count("M")  # type: ignore[union-attr]
            assert 1 <= ticks <= row.out_size


def test_units_are_one_effective_stride_apart_and_together_cover_the_layer_s_field() -> None:
    for result in SUMMARIES:
        for row in result.rows:
            fields = [unit_field(row, unit) for unit in range(row.out_size)]
            assert {b.first_pixel - a.first_pixel for a, b in itertools.pairwise(fields)} <= {
                row.effective_stride
            }
            assert fields[0].first_pixel <= 0
            assert fields[-1].first_pixel + fields[-1].width <= INPUT_SIZE - row.first_pixel
