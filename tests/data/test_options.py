"""Options have labels and help texts, which contain the values that the code uses."""

from dataclasses import fields, replace
from typing import Any

import pytest

from mnistlab.arch.spec import Activation
from mnistlab.choice import Choice
from mnistlab.data import options
from mnistlab.data.dataset import MNIST
from mnistlab.data.options import Augmentation, AugmentationRanges, Split
from mnistlab.experiments.targets import Length
from mnistlab.recipe.recipe import Optimizer
from mnistlab.recipe.schedules import Schedule


def changed(ranges: AugmentationRanges, field: str, value: float) -> AugmentationRanges:
    values: dict[str, Any] = {field: value}
    return replace(ranges, **values)


@pytest.mark.parametrize("kind", [Split, Augmentation, Optimizer, Schedule, Length, Activation])
def test_every_option_has_its_own_label_and_help(kind: type[Choice]) -> None:
    for words in ([one.label for one in kind], [one.help for one in kind]):  # type: ignore[attr-defined]
        assert all(words) and len(set(words)) == len(kind)
    assert all(kind(one.value) is one and str(one) == one.value for one in kind)


@pytest.mark.parametrize("field", [field.name for field in fields(AugmentationRanges)])
@pytest.mark.parametrize("kind", list(Augmentation))
def test_an_augmentation_s_help_has_its_ranges(
    kind: Augmentation, field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = kind.help
    shown = {}
    for value in (0.07, 0.42):
        monkeypatch.setattr(kind, "ranges", changed(kind.ranges, field, value))
        shown[value] = kind.help
    assert len({before, *shown.values()}) == 3
    for value, text in shown.items():
        assert f"{value:g}" in text or f"{100 * value:g}%" in text
    monkeypatch.setattr(kind, "ranges", AugmentationRanges())
    assert not any(letter.isdigit() for letter in kind.help)


def test_a_split_s_help_has_the_counts_of_the_data_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        options, "MNIST", replace(MNIST, n_train=7_000, n_validation=1_234, n_test=9)
    )
    assert "5,766" in Split.HOLDOUT.help and "1,234" in Split.HOLDOUT.help
    assert "1,234" in Split.HOLDOUT.selection
    assert "7,000" in Split.ARTICLE.help and "9 test" in Split.ARTICLE.help
    assert "7,000" in Split.ALL.help
    for split in Split:
        assert "640 " in split.explain(640) and "All 640" not in split.explain(640)
