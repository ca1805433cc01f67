"""What Draw gives the browser so that it can answer by itself."""

import json

import pytest

from mnistlab import zoo
from mnistlab.drawing.classifier import Classifier
from mnistlab.ui.draw.live import element
from tests.ui import app_test


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier(zoo.default_checkpoint())


def test_a_checkpoint_is_described_once_without_its_name(classifier: Classifier) -> None:
    file = element.network_file(classifier)
    assert file and file is element.network_file(classifier)
    network = json.loads(file.content)
    assert network["isCalibrated"] and len(network["views"]) == 9 and network["notADigit"]
    assert "name" not in network


def test_a_large_checkpoint_is_left_to_the_server(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(element, "MAX_PARAMETERS", 1000)
    element.network_file.cache_clear()
    assert element.network_file(classifier) is None
    element.network_file.cache_clear()


def test_the_page_tells_the_browser_what_it_may_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[dict[str, object]] = []
    monkeypatch.setattr(element, "_element", lambda: lambda data, key: told.append(data))
    at = app_test.run("pages/draw.py")
    assert told[-1]["network"] and told[-1]["tta"] and told[-1]["isOne"]
    at.toggle(key="step_tta").set_value(False)
    app_test.settled(at)
    assert told[-1]["network"] and not told[-1]["tta"]
    at.toggle(key="step_crop").set_value(False)
    app_test.settled(at)
    assert told[-1]["network"] is None, "the browser only knows the default preprocessing"
    at.toggle(key="step_crop").set_value(True)
    at.toggle(key="number").set_value(True)
    app_test.settled(at)
    assert told[-1]["network"] is None, "a number is the server's"
