"""Networks as JSON: what was written reads back, anything else is refused by name."""

import json
import random
import string
from typing import Any

import pytest

from mnistlab.arch.export.json_file import MAX_JSON, from_json, to_json
from mnistlab.arch.presets import ARTICLE_PRESETS, PRESETS
from mnistlab.arch.spec import MAX_FILTERS, MAX_LAYERS, Spec, SpecError, Transition, parse
from tests.random_specs import random_spec

SPEC = ARTICLE_PRESETS[3].spec
GOOD = to_json(SPEC)
DEEP = "[" * 9_000


def changed(**fields: Any) -> str:
    """Target 4 with other fields, and without the text, which would have to change with them."""
    values = json.loads(GOOD)
    del values["text"]
    return json.dumps(values | fields)


def without(name: str) -> str:
    values = json.loads(GOOD)
    del values[name]
    return json.dumps(values)


def layered(*layers: Any) -> str:
    return changed(layers=list(layers))


def conv(**fields: Any) -> dict[str, Any]:
    flags = {"padded": False, "separable": False, "residual": False}
    return {"kind": "conv", "filters": 8} | flags | fields


@pytest.mark.parametrize("preset", PRESETS, ids=lambda p: p.name)
def test_a_preset_reads_back(preset: Any) -> None:
    assert from_json(to_json(preset.spec)) == preset.spec


def test_any_network_reads_back() -> None:
    for seed in range(400):
        assert from_json(to_json(random_spec(seed))) == random_spec(seed)


def test_the_longest_network_reads_back() -> None:
    longest = Spec((Transition(MAX_FILTERS, pooled=False),) * MAX_LAYERS, batch_norm=True)
    assert len(to_json(longest)) < MAX_JSON / 4
    assert from_json(to_json(longest)) == longest


def test_every_field_is_written_a_layer_a_line() -> None:
    spec = parse("8s-8dr-p10-t12-p-gap-bn-nobias-gelu-cdrop0.1")
    assert (
        to_json(spec)
        == """\
{
  "format": "mnistlab/network",
  "version": 2,
  "text": "8s-8dr-p10-t12-p-gap-bn-nobias-gelu-cdrop0.1",
  "layers": [
    {"kind": "conv", "filters": 8, "padded": true, "separable": false, "residual": false},
    {"kind": "conv", "filters": 8, "padded": true, "separable": true, "residual": true},
    {"kind": "transition", "filters": 10, "pooled": true},
    {"kind": "transition", "filters": 12, "pooled": false},
    {"kind": "pool"}
  ],
  "head": "gap",
  "batch_norm": true,
  "conv_bias": false,
  "activation": "gelu",
  "dropout": 0.1,
  "dropout_kind": "cdrop"
}
"""
    )


def test_the_text_may_be_left_out_and_a_rate_may_be_whole() -> None:
    assert from_json(without("text")) == SPEC
    assert from_json(changed(dropout=0)).dropout == 0.0


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "not a JSON object"),
        ("8-16-full", "not a JSON object"),
        ("null", "not a JSON object"),
        ("[]", "not a JSON object"),
        ('"mnistlab/network"', "not a JSON object"),
        (GOOD[:-3], "not a JSON object"),
        ("\ufeff" + GOOD, "not a JSON object"),
        (GOOD + GOOD, "not a JSON object"),
        (DEEP, "not a JSON object"),
        ('{"layers": ' * 1_500, "not a JSON object"),
        ('{"version": ' + "9" * 5_000 + "}", "not a JSON object"),
        (GOOD + " " * MAX_JSON, r"characters; .* at most 20,000"),
        ("{}", "^format: null"),
        (changed(format="mnistlab/run"), "^format: "),
        (changed(format=["mnistlab/network"]), "^format: a list"),
        (changed(version=1), "^version: 1 is not 2; enter .* “text”"),
        (changed(version=3), "^version: 3"),
        (changed(version=True), "^version: true"),
        (changed(version=2.0), "^version: 2.0"),
        (changed(version="2"), '^version: "2"'),
        (without("version"), "^version: null"),
        (without("layers"), "“layers”"),
        (without("head"), "“head”"),
        (without("batch_norm"), "“batch_norm”"),
        (without("conv_bias"), "“conv_bias”"),
        (without("dropout"), "“dropout”"),
        (without("dropout_kind"), "“dropout_kind”"),
        (changed(color="blue"), '"color"'),
        (changed(**{"\ud800" * 1_000: 1}), "unknown field"),
        (changed(text="8-16-full"), f"^text: .*{SPEC}"),
        (changed(text=None), "^text: "),
        (changed(text="\ud800"), "^text: "),
        (changed(text=[[]]), "^text: "),
        (changed(layers="8-16"), '^layers: "8-16"'),
        (changed(layers={}), "^layers: an object"),
        (layered(), "^layers: 0 of them"),
        (layered(*[conv()] * 41), "^layers: 41 of them"),
        (layered(8), r"^layers, no\. 1: 8 is not an object"),
        (layered(conv(), [[]]), r"^layers, no\. 2: a list"),
        (layered({}), "kind: null"),
        (layered(conv(kind="lstm")), 'kind: "lstm"'),
        (layered(conv(kind=["conv"])), "kind: a list"),
        (layered(conv(stride=2)), '"stride"'),
        (layered({"kind": "conv", "filters": 8}), "“padded”"),
        (layered({"kind": "conv", "padded": False}), "“filters”"),
        (layered({"kind": "pool", "filters": 8}), '"filters"'),
        (layered({"kind": "transition", "filters": 8}), "“pooled”"),
        (layered({"kind": "transition", "filters": None, "pooled": True}), "filters: null"),
        (layered(conv(filters=0)), "filters: 0"),
        (layered(conv(filters=-8)), "filters: -8"),
        (layered(conv(filters=1025)), "filters: 1025"),
        (layered(conv(filters=int("9" * 4_000))), "filters: 9{40}…"),
        (layered(conv(filters=8.0)), "filters: 8.0"),
        (layered(conv(filters=True)), "filters: true"),
        (layered(conv(filters="8")), 'filters: "8"'),
        (layered(conv(filters=[8])), "filters: a list"),
        (layered(conv(padded=1)), "padded: 1"),
        (layered(conv(separable=0)), "separable: 0"),
        (layered(conv(residual=None)), "residual: null"),
        (layered(conv(residual=True)), "^conv1: .* add padding"),
        (changed(activation="tanh"), '^activation: "tanh" is not one of relu, leaky, gelu'),
        (without("activation"), "“activation”"),
        (layered(conv(padded="true")), 'padded: "true"'),
        (changed(head="softmax"), '^head: "softmax" is not one of full, gap'),
        (changed(head="FULL"), "^head: "),
        (changed(head=["full"]), "^head: a list"),
        (changed(head={}), "^head: an object"),
        (changed(head="<script>" * 1_000), "^head: .{40}… is"),
        (changed(batch_norm=1), "^batch_norm: 1"),
        (changed(batch_norm=None), "^batch_norm: null"),
        (changed(conv_bias="no"), '^conv_bias: "no"'),
        (changed(conv_bias=False, batch_norm=False), "^conv_bias: .*batch_norm"),
        (changed(dropout=1), "^dropout: 1"),
        (changed(dropout=-0.1), "^dropout: -0.1"),
        (changed(dropout=0.12345), "^dropout: 0.12345"),
        (changed(dropout=True), "^dropout: true"),
        (changed(dropout=False), "^dropout: false"),
        (changed(dropout="0.05"), '^dropout: "0.05"'),
        (changed(dropout=int("9" * 4_000)), "^dropout: 9"),
        (changed(dropout=float("nan")), "^NaN"),
        (changed(dropout=float("inf")), "^Infinity"),
        (GOOD.replace("0.05,", "1e400,"), "^dropout: Infinity"),
        (changed(dropout_kind="dropout"), "^dropout_kind: "),
        (GOOD.replace("{\n", '{\n  "head": "gap",\n', 1), '^"head" appears twice'),
        (GOOD.replace('"filters": 8', '"filters": 9, "filters": 8'), '^"filters" appears twice'),
    ],
    ids=lambda value: value[:40].strip() if len(value) < 40 else "",
)
def test_an_invalid_network_is_an_error_that_names_the_element(text: str, named: str) -> None:
    with pytest.raises(SpecError, match=named) as refused:
        from_json(text)
    message = str(refused.value)
    assert len(message) < 200
    message.encode()  # a lone surrogate would stop the page that shows it


def test_depth_is_refused_wherever_it_is() -> None:
    for depth in (10, 100, 300, 500, 900, 980, 1_000, 5_000):
        nested = "[" * depth + "]" * depth
        for field in ("layers", "head", "dropout", "version", "text", "other"):
            with pytest.raises(SpecError):
                from_json(changed(**{field: "HERE"}).replace('"HERE"', nested))


def test_a_thousand_damaged_files_are_refused_or_read() -> None:
    rng = random.Random(0)
    letters = string.printable + "٣é\ud800\0" + '{}[]",:0123456789' * 3
    outcomes = {"read": 0, "refused": 0}
    for seed in range(1_000):
        # Without the text, damage to a number still gives a network.
        text = list(without("text") if seed % 2 else to_json(random_spec(seed % 50)))
        for _ in range(rng.choice((1, 1, 2, 5))):
            place = rng.randrange(len(text))
            match rng.randrange(3):
                case 0:
                    del text[place]
                case 1:
                    text.insert(place, rng.choice(letters))
                case 2:
                    text[place] = rng.choice(letters)
        try:
            spec = from_json("".join(text))
        except SpecError as error:
            str(error).encode()
            outcomes["refused"] += 1
        else:
            assert from_json(to_json(spec)) == spec
            outcomes["read"] += 1
    assert min(outcomes.values()) > 20
