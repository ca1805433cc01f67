import itertools
import json
import math

import pytest

from mnistlab.arch.presets import PRESETS, get_preset, resolve
from mnistlab.arch.spec import parse
from mnistlab.data.options import Split
from mnistlab.recipe import recipe as recipes
from mnistlab.recipe import schedules
from mnistlab.recipe.defaults import TUNED, default_recipe, train_command
from mnistlab.recipe.recipe import (
    NormStatistics,
    Optimizer,
    Recipe,
    RecipeError,
    recipe_from_json,
)
from mnistlab.recipe.schedules import Schedule, learning_rate_at
from mnistlab.terminal.cli import build_parser
from mnistlab.terminal.recipe_options import recipe_from
from mnistlab.training.early_stopping import early_stop_reason, selected_epoch
from mnistlab.training.epoch import Epoch

TARGET_4 = get_preset("target-4").spec


def test_json_round_trip() -> None:
    for optimizer, schedule in itertools.product(Optimizer, Schedule):
        recipe = Recipe(
            optimizer,
            0.03,
            schedule,
            train_size=512,
            seed=7,
            patience=3,
            target_accuracy=0.994,
            norm_batch_size=64,
            norm_statistics=NormStatistics.REESTIMATED,
            teacher="0123456789abcdef",
            soft_label_weight=0.25,
            distillation_temperature=8.0,
        )
        assert recipe_from_json(recipe.to_json()) == recipe


def test_a_missing_field_has_its_default() -> None:
    values = json.loads(Recipe(batch_size=64).to_json())
    del values["norm_batch_size"], values["label_smoothing"], values["norm_statistics"]
    del values["teacher"], values["soft_label_weight"], values["distillation_temperature"]
    old = recipe_from_json(json.dumps(values))
    assert old == Recipe(batch_size=64) and old.images_per_norm == "32" and not old.teacher


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"learning_rate": math.nan}, "learning rate: nan"),
        ({"learning_rate": 0}, "learning rate: 0"),
        ({"learning_rate": "0.1"}, "learning rate"),
        ({"batch_size": 1}, "batch size: 1"),
        ({"batch_size": 64.5}, "batch size"),
        ({"epochs": 0}, "epochs: 0"),
        ({"epochs": True}, "epochs"),
        ({"weight_decay": math.inf}, "weight decay"),
        ({"label_smoothing": -0.1}, "label smoothing"),
        ({"seed": -1}, "seed"),
        ({"train_size": 3}, "train size"),
        ({"patience": 0}, "patience"),
        ({"target_accuracy": 99.4}, "target accuracy: 99.4"),
        ({"norm_batch_size": 4}, "norm batch size: 4"),
        ({"norm_batch_size": 64.0}, "norm batch size"),
        ({"teacher": "smallest"}, "teacher: 'smallest'"),
        ({"teacher": "0123456789ABCDEF"}, "teacher: '0123456789ABCDEF'"),
        ({"teacher": "0123456789abcde"}, "teacher"),
        ({"teacher": "0123456789abcdef\n"}, "teacher"),
        ({"teacher": "٠" * 16}, "teacher"),
        ({"teacher": 1234567890123456}, "teacher"),
        ({"teacher": None}, "teacher: 'None'"),
        ({"soft_label_weight": 1.1}, "soft label weight: 1.1"),
        ({"soft_label_weight": math.nan}, "soft label weight"),
        ({"distillation_temperature": 0.5}, "distillation temperature: 0.5"),
        ({"distillation_temperature": "4"}, "distillation temperature"),
    ],
)
def test_a_value_out_of_bounds_is_an_error_with_its_name(
    values: dict[str, object], named: str
) -> None:
    with pytest.raises(RecipeError, match=named):
        Recipe(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("nonsense", "JSON"),
        ("[1]", "JSON"),
        ("[" * 100_000, "JSON"),
        ('{"momentum": 1}', "momentum"),
        ('{"schedule": "spiral"}', "spiral.*one-cycle"),
        ('{"learning_rate": NaN}', "learning rate: nan"),
    ],
)
def test_json_that_is_not_a_recipe_is_an_error(text: str, named: str) -> None:
    with pytest.raises(RecipeError, match=named):
        recipe_from_json(text)


def rates(schedule: Schedule) -> list[float]:
    return [learning_rate_at(schedule, 0.4, percent / 100) for percent in range(101)]


def test_schedules_have_their_documented_start_peak_and_end() -> None:
    assert set(rates(Schedule.CONSTANT)) == {0.4}
    assert rates(Schedule.STEP)[0::25] == pytest.approx([0.4, 0.4, 0.04, 0.004, 0.004])
    cosine = rates(Schedule.COSINE)
    assert cosine[0] == 0.4 and cosine[50] == pytest.approx(0.2) and cosine[100] < 1e-9
    cycle = rates(Schedule.ONE_CYCLE)
    assert cycle[0] == pytest.approx(0.04) and max(cycle) == cycle[20] == pytest.approx(0.4)
    assert cycle[100] < 1e-9
    assert all(b < a for a, b in itertools.pairwise(cycle[20:]))


def test_a_plateau_halves_the_rate_after_three_epochs_without_improvement() -> None:
    history = [0.90, 0.95, 0.94, 0.95, 0.93, 0.96, 0.95, 0.95, 0.95, 0.95, 0.95, 0.95]
    planned = [
        learning_rate_at(Schedule.PLATEAU, 1.0, 0, history[:n]) for n in range(len(history) + 1)
    ]
    assert planned == [1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125]


# For each schedule: a constant, another value for it, and what its sentence then says.
WORDS = [
    (Schedule.STEP, "STEPS", ((0.35, 0.6),), ("0.35", "0.6")),
    (Schedule.PLATEAU, "PLATEAU_FACTOR", 0.7, ("0.7",)),
    (Schedule.PLATEAU, "PLATEAU_PATIENCE", 9, ("9 epochs",)),
    (Schedule.ONE_CYCLE, "WARM_UP", 0.35, ("0.35",)),
    (Schedule.ONE_CYCLE, "WARM_UP_START", 0.6, ("0.6",)),
]


@pytest.mark.parametrize(("schedule", "name", "value", "words"), WORDS)
def test_a_schedule_s_help_has_the_formula_s_constants(
    schedule: Schedule,
    name: str,
    value: object,
    words: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def curve() -> list[float]:
        history = [0.9, *[0.8] * 20]
        return [learning_rate_at(schedule, 0.1, n / 20, history[:n]) for n in range(20)]

    before, said = curve(), schedule.help
    monkeypatch.setattr(schedules, name, value)
    assert curve() != before
    assert schedule.help != said and all(word in schedule.help for word in words)


def test_an_optimizer_s_help_has_its_constants(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MOMENTUM", "RATE_WITH_BATCH_NORM", "RATE_WITHOUT", "ADAM_RATE"):
        monkeypatch.setattr(recipes, name, 0.123)
        said = Optimizer.ADAM.help if name == "ADAM_RATE" else Optimizer.SGD.help
        assert "0.123" in said
        monkeypatch.undo()


@pytest.mark.parametrize(
    ("values", "count"),
    [
        ({}, 49_920),  # 390 batches of 128
        ({"split": Split.ARTICLE, "batch_size": 64}, 59_968),
        ({"train_size": 60_000, "batch_size": 100}, 50_000),  # a hold-out trains on no more
        ({"train_size": 60_000, "batch_size": 100, "split": Split.ALL}, 60_000),
        ({"train_size": 100, "batch_size": 4096}, 100),  # one batch of all
        ({"train_size": 100, "batch_size": 64}, 64),
    ],
)
def test_images_per_epoch_is_the_number_that_an_epoch_trains_on(
    values: dict[str, object], count: int
) -> None:
    one = Recipe(**values)  # type: ignore[arg-type]
    assert one.images_per_epoch == count
    assert one.images_per_epoch <= one.available_images <= one.split.n_train


def epochs(*errors: int) -> list[Epoch]:
    return [
        Epoch(n, 0.1, 0.9, 0.1, wrong, 10_000, 0.1, 1.0, 1000.0)
        for n, wrong in enumerate(errors, 1)
    ]


def test_the_best_epoch_is_selected_unless_all_data_trains() -> None:
    three = epochs(100, 90, 95)
    for split, number in ((Split.HOLDOUT, 2), (Split.ARTICLE, 2), (Split.ALL, 3)):
        selected = selected_epoch(Recipe(split=split), three)
        assert selected and selected.number == number
        assert selected_epoch(Recipe(split=split), []) is None
    for values in ({"patience": 3}, {"target_accuracy": 0.99}):
        with pytest.raises(RecipeError, match=Split.ALL.label):
            Recipe(split=Split.ALL, **values)


def test_early_stopping_has_a_reason_and_never_follows_the_last_epoch() -> None:
    recipe = Recipe(epochs=8, patience=2, target_accuracy=0.994)
    assert early_stop_reason(recipe, []) is None
    assert early_stop_reason(recipe, epochs(100, 90, 95)) is None
    assert "99.40" in (early_stop_reason(recipe, epochs(100, 60)) or "")
    assert early_stop_reason(recipe, epochs(100, 61)) is None
    assert "epoch 2" in (early_stop_reason(recipe, epochs(100, 90, 95, 91)) or "")
    assert early_stop_reason(Recipe(epochs=2, target_accuracy=0.994), epochs(100, 60)) is None, (
        "it ended as planned"
    )
    assert early_stop_reason(Recipe(epochs=8), epochs(100, 90, 95, 91, 92)) is None


def test_every_preset_has_a_valid_default_recipe() -> None:
    for one in PRESETS:
        recipe = default_recipe(one.spec)
        assert recipe.label_smoothing < 0.5
        assert one.spec.batch_norm or recipe.learning_rate <= 0.02
    assert default_recipe(parse("8-p8-full-bn")) == Recipe()
    assert default_recipe(TARGET_4).epochs <= 4, "a lesson is short"
    assert set(TUNED) == {
        get_preset(name).spec for name in ("target-4", "most-accurate", "smallest")
    }


def test_the_command_reproduces_the_network_and_recipe() -> None:
    for spec, recipe in (
        (TARGET_4, Recipe()),
        (TARGET_4, default_recipe(TARGET_4)),
        (
            get_preset("target-1").spec,
            Recipe(Optimizer.ADAM, 0.0003, Schedule.CONSTANT, 64, 20, 0.0),
        ),
        (
            parse("8-gap"),
            Recipe(train_size=6000, seed=3, patience=2, target_accuracy=0.99, norm_batch_size=16),
        ),
    ):
        words = train_command(spec, recipe).split()
        assert words[:4] == ["python", "-m", "mnistlab", "train"]
        options = build_parser().parse_args(words[3:])
        assert resolve(options.network) == spec
        assert recipe_from(options, default_recipe(spec)) == recipe
