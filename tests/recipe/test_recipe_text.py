"""A recipe in an address: the text is short, comes back the same, and refuses what it is not."""

import random
from dataclasses import fields, replace

import pytest

from mnistlab.arch.presets import PRESETS
from mnistlab.data.options import Augmentation, Split
from mnistlab.experiments.targets import TARGETS
from mnistlab.recipe.defaults import default_recipe
from mnistlab.recipe.recipe import NormStatistics, Optimizer, Recipe, RecipeError
from mnistlab.recipe.recipe_text import FIELDS, parse_recipe, recipe_to_text
from mnistlab.recipe.schedules import Schedule


def random_recipe(rng: random.Random) -> Recipe:
    split = rng.choice(list(Split))
    early = split is not Split.ALL
    return Recipe(
        optimizer=rng.choice(list(Optimizer)),
        learning_rate=rng.choice([0.1, 0.0003, 1e-6, rng.uniform(0.001, 1)]),
        schedule=rng.choice(list(Schedule)),
        batch_size=rng.randint(8, 4096),
        epochs=rng.randint(1, 1000),
        weight_decay=rng.choice([0.0, 5e-4]),
        augmentation=rng.choice(list(Augmentation)),
        split=split,
        train_size=rng.choice([None, 2_560]),
        seed=rng.randint(0, 99),
        patience=rng.choice([None, 3]) if early else None,
        target_accuracy=rng.choice([None, 0.994]) if early else None,
        label_smoothing=rng.choice([0.0, 0.05]),
        norm_batch_size=rng.choice([None, 16]),
        norm_statistics=rng.choice(list(NormStatistics)),
        teacher=rng.choice(["", "0123456789abcdef", "1234567890123456"]),
        soft_label_weight=rng.choice([0.0, 0.9, 1.0]),
        distillation_temperature=rng.choice([1.0, 4.0, 2.5]),
    )


def test_every_field_has_a_word() -> None:
    assert sorted(FIELDS.values()) == sorted(field.name for field in fields(Recipe))


def test_a_text_comes_back_as_the_same_recipe() -> None:
    rng = random.Random(0)
    for _ in range(300):
        recipe, default = random_recipe(rng), random_recipe(rng)
        recipe = replace(recipe, learning_rate=float(f"{recipe.learning_rate:.6g}"))
        parsed = parse_recipe(recipe_to_text(recipe, default), default)
        assert parsed.recipe == recipe and not parsed.warning


def test_only_what_differs_is_written() -> None:
    default = Recipe()
    assert recipe_to_text(default, default) == ""
    changed = replace(default, epochs=8, learning_rate=0.05)
    assert recipe_to_text(changed, default) == "rate=0.05,epochs=8"
    assert parse_recipe("", default).recipe == default
    assert parse_recipe(" epochs = 8 , RATE=5e-2,", default).recipe == changed


def test_the_article_s_recipes_fit_into_an_address() -> None:
    for target in TARGETS:
        text = recipe_to_text(target.full, default_recipe(target.spec))
        assert len(text) < 150 and "&" not in text and " " not in text


def test_off_is_none() -> None:
    default = Recipe(patience=3, train_size=2_560)
    parsed = parse_recipe("patience=off,images=off", default).recipe
    assert parsed.patience is None and parsed.train_size is None
    taught = Recipe(teacher="0123456789abcdef")
    assert recipe_to_text(Recipe(), taught) == "teacher=off"
    assert parse_recipe("teacher=off", taught).recipe == Recipe()
    assert parse_recipe("teacher=0123456789ABCDEF", Recipe()).recipe == taught


def test_unknown_words_are_ignored_and_named() -> None:
    parsed = parse_recipe("epoch=8,rate=0.05,<b>=1", Recipe())
    assert parsed.recipe == Recipe(learning_rate=0.05)
    assert "epoch, <b>" in parsed.warning and "epochs" in parsed.warning


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "epochs=many",
        "epochs=1.5",
        "epochs=0",
        "rate=nan",
        "rate=-1",
        "rate=off",
        "optimizer=lion",
        "split=all,patience=3",
        "epochs=" + "9" * 5000,
        "batch=٣٢x",
        "teacher=smallest",
        "teacher=" + "0" * 5000,
        "soft=2",
        "soft=off",
    ],
)
def test_a_text_that_is_no_recipe_is_refused(text: str) -> None:
    for preset in PRESETS:
        with pytest.raises(RecipeError) as caught:
            parse_recipe(text, default_recipe(preset.spec))
        assert len(str(caught.value)) < 250
