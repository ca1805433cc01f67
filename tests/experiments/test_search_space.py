"""The space of a search: every design has its parameters back, and nothing else has any."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnistlab.arch.edit import with_layer
from mnistlab.arch.presets import LAB_PRESETS, PRESETS, get_preset
from mnistlab.arch.spec import Activation, Conv, Spec, parse
from mnistlab.arch.summary import summarize
from mnistlab.experiments.search.search_space import (
    DECIMALS,
    SPACE,
    Parameters,
    Range,
    Value,
    design,
    names,
    parameters_of,
)
from mnistlab.recipe.recipe import Recipe, recipe_from_json

RECIPE = Recipe(epochs=4, batch_size=64)


def values(space: Range | tuple[str, ...]) -> st.SearchStrategy[Value]:
    if isinstance(space, tuple):
        return st.sampled_from(space)
    if space.is_whole:
        return st.integers(int(space.low), int(space.high))
    if space.step:
        steps = st.integers(0, round((space.high - space.low) / space.step))
        return steps.map(lambda n: round(space.low + n * (space.step or 0), DECIMALS))
    return st.floats(space.low, space.high)


@st.composite
def parameters(draw: st.DrawFn) -> Parameters:
    template = draw(values(SPACE["template"]))
    drawn = {name: draw(values(SPACE[name])) for name in names(template)[1:]}
    return {"template": template, **drawn}


@given(parameters())
def test_a_design_has_its_parameters_back_from_the_texts_in_the_store(one: Parameters) -> None:
    spec, recipe = design(one, RECIPE)
    summarize(spec)  # raises if it cannot be built
    assert parameters_of(parse(str(spec)), recipe_from_json(recipe.to_json())) == one
    assert recipe == replace(RECIPE, learning_rate=float(one["learning_rate"]))


def test_target_4_and_the_smallest_s_relatives_are_in_the_space() -> None:
    assert parameters_of(get_preset("target-4").spec, RECIPE)
    assert [preset.name for preset in LAB_PRESETS] == ["most-accurate", "smallest"]
    for text in ("12-16-p-16-20-20-p-20s-gap-bn-nobias", "6-8-p-10-10-12-p-12s-gap-bn-nobias"):
        assert parameters_of(parse(text), RECIPE)


OTHERS = (
    replace(get_preset("target-4").spec, activation=Activation.GELU),
    replace(get_preset("target-4").spec, batch_norm=False),
    replace(get_preset("target-4").spec, dropout=0.5),
    replace(get_preset("target-4").spec, dropout=0.03),
    with_layer(get_preset("target-4").spec, 0, Conv(8, separable=True)),
    with_layer(get_preset("target-4").spec, 0, Conv(200)),
    *(preset.spec for preset in PRESETS if not preset.spec.batch_norm),
)


@pytest.mark.parametrize("spec", OTHERS, ids=str)
def test_another_network_has_no_parameters(spec: Spec) -> None:
    assert parameters_of(spec, RECIPE) is None
    assert parameters_of(get_preset("target-4").spec, replace(RECIPE, learning_rate=2.0)) is None
