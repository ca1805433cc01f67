from dataclasses import replace

import pytest

from mnistlab import zoo
from mnistlab.arch.spec import parse
from mnistlab.data.options import Split
from mnistlab.stats.score import Score
from mnistlab.takehome.model_card import accuracy_text, card_markdown, size_text
from mnistlab.takehome.trained_network import TrainedNetwork, load_trained


@pytest.fixture(scope="module")
def trained() -> TrainedNetwork:
    return load_trained(zoo.FOLDER / "smallest.safetensors", "smallest")


def test_a_card_has_its_sections_and_the_command(trained: TrainedNetwork) -> None:
    text = card_markdown(trained)
    titles = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    assert titles == [
        *("Network", "Confidence", "Data and split", "Training", "Limits"),
        *("License of the data", "Input"),
    ]
    assert "    python -m mnistlab train smallest" in text
    assert "95% CI" in text and "(gray / 255 − 0.1307) / 0.3081" in text


def test_a_hostile_name_is_text_in_markdown(trained: TrainedNetwork) -> None:
    text = card_markdown(replace(trained, name="# <script>\n![x](y)"))
    assert text.splitlines()[0] == r"# \# \<script\> !\[x\](y)"


def test_the_size_is_held_against_the_budget(trained: TrainedNetwork) -> None:
    assert size_text(trained) == "4,844 parameters of a budget of 15,000"
    large = replace(trained, record=replace(trained.record, spec=parse("32-64-p-128-256-full")))
    assert "times the budget of 15,000" in size_text(large)


def test_an_accuracy_says_which_images_it_is_of(trained: TrainedNetwork) -> None:
    record, article = trained.record, replace(trained.record.recipe, split=Split.ARTICLE)
    held_out = replace(trained.record.recipe, split=Split.HOLDOUT)
    cases = (
        (record.recipe, Score(5, 1000), "on MNIST's test images"),
        (article, None, "on MNIST's test images; optimistic: these images also selected the epoch"),
        (held_out, None, "on validation images; optimistic: these images also selected the epoch"),
    )
    for recipe, test, expected in cases:
        one = replace(trained, record=replace(record, recipe=recipe, test=test))
        assert accuracy_text(one).partition("%), ")[2] == expected


def test_an_uncalibrated_network_says_so(trained: TrainedNetwork) -> None:
    assert "not calibrated" in card_markdown(replace(trained, uncertainty=None))
