"""What is in the file, and what is not; the browser's tests open it."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from mnistlab import zoo
from mnistlab.arch.spec import parse
from mnistlab.takehome.html_page import html_page, source
from mnistlab.takehome.trained_network import TrainedNetwork, load_trained
from mnistlab.training.record import SourceNetwork

SMALLEST = zoo.FOLDER / "smallest.safetensors"


@pytest.fixture(scope="module")
def trained() -> TrainedNetwork:
    return load_trained(SMALLEST, "smallest")


def test_the_file_says_what_the_network_is(trained: TrainedNetwork) -> None:
    page = html_page(trained)
    for fact in (
        "<h1>smallest</h1>",
        "4,844 parameters of a budget of 15,000",
        "99.47% (53 errors in 10,000; 95% CI 99.31–99.59%)",
        "python -m mnistlab train smallest",
        "Creative Commons",
    ):
        assert fact in page
    assert 50_000 < len(page.encode()) < 150_000


def test_the_file_names_no_place_machine_or_time(trained: TrainedNetwork) -> None:
    environment = {"machine": "machine-17", "python": "3.99", "user": "ada"}
    page = html_page(replace(trained, record=replace(trained.record, environment=environment)))
    assert not {value for value in environment.values() if value in page}
    assert not re.search(r"/(home|root|work|tmp)/|20\d\d-\d\d-\d\d", page)
    assert "http" not in re.sub(r"http-equiv", "", page), "nothing is fetched"


HOSTILE = "</script><script>alert(1)</script><b onclick='x'>"


def test_no_text_of_a_stranger_s_archive_becomes_markup(trained: TrainedNetwork) -> None:
    teacher = SourceNetwork(
        checksum="0" * 64,
        name=HOSTILE,
        spec=parse("8-gap"),
        score=trained.record.reported_score,
        optimistic=False,
        split=trained.record.recipe.split,
    )
    record = replace(trained.record, name=HOSTILE, teacher=teacher)
    page = html_page(replace(trained, name=HOSTILE, record=record))
    assert "<script>alert" not in page and "<b onclick" not in page
    # The JSON, the reader and the page around it.
    assert page.count("<script") == page.count("</script>") == 3


def test_the_network_survives_in_the_page(trained: TrainedNetwork) -> None:
    text = re.search(r'id="network">(.*?)</script>', html_page(trained), re.DOTALL)
    assert text
    layers = json.loads(text[1])["layers"]
    assert [layer["name"] for layer in layers][:3] == ["conv1", "conv2", "pool1"]


def test_a_source_that_would_end_its_element_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnistlab.takehome.html_page.FOLDER", tmp_path)
    (tmp_path / "bad.js").write_text("'</script>'")
    with pytest.raises(ValueError, match=r"bad\.js"):
        source(("bad.js",))
