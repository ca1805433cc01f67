"""Networks changed in one place, against lists changed in the same way."""

import random

import pytest

from mnistlab.arch import edit
from mnistlab.arch.presets import ARTICLE_PRESETS, PRESETS
from mnistlab.arch.spec import Conv, Spec, SpecError, Transition, parse
from mnistlab.arch.summary import summarize
from tests.random_specs import possible, random_spec

SPECS = [p.spec for p in PRESETS] + [random_spec(seed) for seed in range(200)]


def words(spec: Spec) -> list[str]:
    return [str(layer) for layer in spec.layers]


@pytest.mark.parametrize("seed", range(50))
def test_a_layer_is_inserted_removed_and_moved_as_in_a_list(seed: int) -> None:
    rng, spec = random.Random(seed), SPECS[seed]
    at = rng.randrange(len(spec.layers))
    listed = words(spec)
    listed.insert(at, "5s")
    assert words(edit.inserted(spec, at, Conv(5, padded=True))) == listed
    assert edit.removed(edit.inserted(spec, at, Conv(5)), at) == spec
    by = rng.choice((-3, -1, 1, 2))
    listed = words(spec)
    layer = listed.pop(at)
    listed.insert(max(0, at + by), layer)
    assert words(edit.moved(spec, at, by)) == listed
    assert edit.with_layer(spec, at, spec.layers[at]) == spec


def test_the_ends_stop_a_move_and_the_only_layer_stays() -> None:
    spec = parse("8-p4-12")
    assert edit.moved(spec, 0, -1) == spec == edit.moved(spec, 2, 1)
    assert edit.moved(parse("8"), 0, 1) == parse("8")
    with pytest.raises(SpecError):
        edit.removed(parse("8"), 0)


def test_doubled_and_halved_is_the_same_but_never_less_than_one_filter() -> None:
    for spec in (p.spec for p in ARTICLE_PRESETS[1:]):
        assert edit.scaled(edit.scaled(spec, 2), 0.5) == spec
        assert summarize(edit.scaled(spec, 2)).total > 3 * summarize(spec).total
    assert words(edit.scaled(parse("1-p1-1-p"), 0.5)) == ["1", "p1", "1", "p"]
    with pytest.raises(SpecError, match="1,024"):
        edit.scaled(parse("600-p-8"), 2)


def test_a_new_layer_resembles_the_layer_before_it() -> None:
    spec = parse("8-p10-16s")
    assert edit.matching_conv(spec, 1) == Conv(8) and edit.matching_conv(spec, 2) == Conv(
        16, padded=True
    )
    assert edit.matching_conv(parse("p-8"), 0) == Conv(8)
    assert edit.transition(pooled=False) == Transition(10, pooled=False)


def test_layers_that_residual_connections_tie_change_together() -> None:
    spec = parse("8-16-p-16r-16dr-t4-p-4r-20")
    groups = ([0], [1, 3, 4], [1, 3, 4], [1, 3, 4], [5, 7], [5, 7], [8])
    filtered = [at for at, layer in enumerate(spec.layers) if layer.filters]
    assert [edit.tied(spec, at) for at in filtered] == list(groups)
    assert words(edit.with_filters(spec, 4, 12)) == words(parse("8-12-p-12r-12dr-t4-p-4r-20"))
    for result in possible(100, 8000):
        for at, layer in enumerate(result.spec.layers):
            if layer.filters is None:
                continue
            first = result.spec.layers[edit.tied(result.spec, at)[0]]
            if not (isinstance(first, Conv) and first.residual):  # tied to the image's one channel
                summarize(edit.with_filters(result.spec, at, 2))  # what can be built still can


def test_a_convolution_inserted_below_a_residual_one_has_no_shortcut() -> None:
    assert edit.matching_conv(parse("8-8dr-t4"), 2) == Conv(8, padded=True, separable=True)


@pytest.mark.parametrize(
    ("before", "options", "after"),
    [
        ("8", ["residual"], "8r"),
        ("8s", ["padded", "residual"], "8r"),
        ("8r", ["residual"], "8"),
        ("8r", ["padded"], "8s"),
        ("8r", ["padded", "residual", "separable"], "8dr"),
        ("8ds", ["separable"], "8d"),
        ("8d", [], "8"),
    ],
)
def test_a_residual_connection_and_padding_come_and_go_together(
    before: str, options: list[str], after: str
) -> None:
    (conv,), (expected,) = parse(before).layers, parse(after).layers
    assert isinstance(conv, Conv) and edit.with_options(conv, options) == expected
