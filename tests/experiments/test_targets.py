"""The article's ladder as values, and single choices of it switched."""

from collections import Counter
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from mnistlab import zoo
from mnistlab.arch.presets import ARTICLE_PRESETS, LAB_PRESETS, PRESETS
from mnistlab.arch.spec import Spec, Transition, parse
from mnistlab.arch.summary import summarize
from mnistlab.data.options import Split
from mnistlab.errors import LabError
from mnistlab.experiments.differences import config_differences
from mnistlab.experiments.steps import DISTILLATION, STEPS, predecessor
from mnistlab.experiments.targets import (
    QUICK_TRAIN_SIZE,
    TARGETS,
    Length,
    Step,
    Suggestion,
    Target,
    find_target,
)
from mnistlab.experiments.variants import Variant, find_variant, variants
from mnistlab.recipe.recipe import Recipe
from mnistlab.recipe.schedules import Schedule
from mnistlab.training.record import read_record_json


def target(name: str) -> Target:
    query = find_target(name)
    assert query
    return query


def test_the_targets_are_the_article_s_with_its_recipes() -> None:
    assert tuple(each.preset for each in TARGETS) == ARTICLE_PRESETS
    for each in TARGETS:
        assert each.preset.article
        assert summarize(each.spec).total == each.preset.article.parameters
        assert each.full.split is Split.ARTICLE and each.full.train_size is None
        assert each.recipe(Length.FULL) == each.full
        strict = each.recipe(Length.QUICK, Split.HOLDOUT)
        assert strict == replace(each.quick, split=Split.HOLDOUT)
        assert strict.train_size == QUICK_TRAIN_SIZE and strict.epochs < each.full.epochs
        assert find_variant(each.spec, each.full, each.suggestion.variant)
    third, fourth = target("target-3").full, target("target-4").full
    assert third.schedule is Schedule.CONSTANT, "a fixed rate, and the best epoch kept"
    assert fourth.schedule is Schedule.ONE_CYCLE and fourth.batch_size > third.batch_size
    assert find_target("smallest") is None
    names = [before and before.preset.name for before in map(predecessor, TARGETS)]
    assert names == [None, "target-1", "target-2", "target-3"]


def wordless(value: object) -> list[str]:
    """The names of all texts in a value, or in its parts, that say nothing."""
    query = []
    for field in fields(value):  # type: ignore[arg-type]
        part = getattr(value, field.name)
        if isinstance(part, Suggestion):
            query += wordless(part)
        texts = part if isinstance(part, tuple) else (part,)
        if isinstance(part, str | tuple) and not (texts and all(one.strip() for one in texts)):
            query.append(field.name)
    return query


@pytest.mark.parametrize("value", STEPS, ids=lambda value: str(value.name))
def test_no_text_of_a_target_or_a_network_is_missing(value: Step) -> None:
    assert not wordless(value)
    for name in ("question", "change"):
        empty: dict[str, Any] = {name: ""}
        assert wordless(replace(value, **empty)) == [name], "the test sees what is missing"


def test_every_preset_has_its_texts() -> None:
    named = [one.preset for one in STEPS if one is not DISTILLATION]
    assert named == list(PRESETS)
    assert len({one.name for one in STEPS}) == len(STEPS)


def test_a_target_s_numbers_come_from_its_network_and_recipe() -> None:
    first, second, third, fourth = (target(f"target-{number}") for number in (1, 2, 3, 4))
    totals = [summarize(each.spec).total for each in (first, second, third, fourth)]
    assert f"{first.full.learning_rate:g}" in first.training_notes
    assert (
        f"{totals[0] / totals[1]:.0f}×" in second.concepts
        and f"{second.full.epochs}" in second.training_notes
    )
    assert f"{totals[2] - totals[1]}" in third.concepts
    assert f"{fourth.spec.dropout:.0%}" in fourth.concepts
    assert f"{fourth.full.learning_rate:g}" in fourth.training_notes
    assert replace(fourth.spec, dropout=fourth.preset.spec.dropout) == fourth.preset.spec


def test_a_target_s_records_are_of_the_article_s_full_recipe() -> None:
    for each in TARGETS:
        for seed, path in enumerate(zoo.records(each.preset.name)):
            record = read_record_json(path)
            assert (record.spec, record.recipe) == (each.spec, replace(each.full, seed=seed))
            assert len(record.epochs) == each.full.epochs


def without(spec: Spec, kind: type) -> tuple[object, ...]:
    return tuple(layer for layer in spec.layers if not isinstance(layer, kind))


# For each switch the choices that may differ, and no others; "bias before batch norm" and "dropout
# drops" only say something where there is batch norm and dropout.
TOUCHES = {
    "batch-norm": {"batch norm", "bias before batch norm"},
    "dropout": {"dropout", "dropout type"},
    "dropout-0.05": {"dropout"},
    "dropout-0.1": {"dropout"},
    "dropout-0.2": {"dropout"},
    "activation-relu": {"activation"},
    "activation-leaky": {"activation"},
    "activation-gelu": {"activation"},
    "residual": {"layers"},
    "separable": {"layers"},
    "partial-transition": {"layers"},
    "early-pool": {"layers"},
    "late-pool": {"layers"},
    "filters-halved": {"layers"},
    "filters-more": {"layers"},
    "learning-rate": {"schedule"},
    "smaller-batch": {"batch size"},
    "larger-batch": {"batch size"},
}
CASES = [(each.spec, each.full) for each in TARGETS] + [
    (each.spec, Recipe()) for each in LAB_PRESETS
]
CASES += [(parse("8-8s-p-16d-16dr-gap-gelu"), Recipe()), (parse("8-8s-p-16-gap"), Recipe())]
ALL = [(spec, recipe, s) for spec, recipe in CASES for s in variants(spec, recipe)]


@pytest.mark.parametrize(
    ("spec", "recipe", "one"), ALL, ids=lambda value: getattr(value, "name", "")
)
def test_a_variant_can_be_built_and_changes_only_its_setting(
    spec: Spec, recipe: Recipe, one: Variant
) -> None:
    assert summarize(one.spec).total > 0
    changed = {d.setting for d in config_differences([(spec, recipe), (one.spec, one.recipe)])}
    assert changed and changed <= TOUCHES[one.name]
    before, after = spec.layers, one.spec.layers
    if one.name.endswith("-pool"):
        assert Counter(before) == Counter(after), "the same layers in another order"
        assert without(spec, Transition) == without(one.spec, Transition)
    elif one.name == "partial-transition":
        assert abs(len(before) - len(after)) == 1
        longer, shorter = sorted((before, after), key=len, reverse=True)
        (extra,) = Counter(longer) - Counter(shorter)
        assert isinstance(extra, Transition) and not extra.pooled
    elif one.name.startswith("filters"):
        assert [type(layer) for layer in before] == [type(layer) for layer in after]
        factor = 0.5 if one.name == "filters-halved" else 1.5
        for old, new in zip(before, after, strict=True):
            assert (new.filters or 0) == round((old.filters or 0) * factor)


def test_every_target_has_all_the_variants() -> None:
    for each in TARGETS:
        names = {one.name for one in variants(each.spec, each.full)}
        assert names >= TOUCHES.keys() - {
            *("dropout-0.05", "dropout-0.1", "dropout-0.2", "activation-relu", "residual")
        }
    assert {"dropout-0.05", "dropout-0.2"} <= {
        one.name for one in variants(target("target-4").spec, target("target-4").full)
    }


def test_variants_move_the_pool_and_change_the_schedule() -> None:
    spec, recipe = target("target-2").spec, target("target-2").full
    query = {
        name: str(find_variant(spec, recipe, name).spec) for name in ("early-pool", "late-pool")
    }
    assert query == {
        "early-pool": "8-p10-16-16-20-t12-16-20-full",
        "late-pool": "8-16-16-p10-20-t12-16-20-full",
    }
    assert find_variant(spec, recipe, "learning-rate").recipe.schedule is Schedule.PLATEAU
    last = target("target-4")
    assert find_variant(last.spec, last.full, "learning-rate").recipe.schedule is Schedule.CONSTANT


def test_layer_types_are_variants_where_they_fit() -> None:
    def query(text: str) -> dict[str, str]:
        return {one.name: str(one.spec) for one in variants(parse(text), Recipe())}

    plain, other = query("8-8s-p-16s-16s"), query("8d-8dr-p-16d-gelu")
    assert (plain["residual"], other["residual"]) == (
        "8-8r-p-16s-16r-full",
        "8d-8ds-p-16d-full-gelu",
    )
    assert (plain["separable"], other["separable"]) == (
        "8-8ds-p-16ds-16ds-full",
        "8-8r-p-16-full-gelu",
    )
    assert {name for name in other if "activation" in name} == {
        *("activation-relu", "activation-leaky")
    }


def test_impossible_or_unchanged_variants_are_omitted() -> None:
    small = parse("8-p4-full")
    assert {one.name for one in variants(small, Recipe())}.isdisjoint({"early-pool", "late-pool"})
    with pytest.raises(LabError, match=r"fly.*batch-norm"):
        find_variant(small, Recipe(), "fly")
    tiny = Recipe(batch_size=8)
    assert "smaller-batch" not in {one.name for one in variants(small, tiny)}


def test_a_file_that_is_no_record_is_an_error(tmp_path: Path) -> None:
    for name, text in (("nowhere.json", None), ("a.json", "{"), ("b.json", "[]"), ("c.json", "{}")):
        path = tmp_path / name
        if text is not None:
            path.write_text(text)
        with pytest.raises(LabError, match=name):
            read_record_json(path)
