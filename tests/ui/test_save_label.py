"""The labels under a drawing by Streamlit's AppTest: one click keeps, another one corrects."""

from collections import Counter
from html import unescape
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mnistlab.drawing.strokes import MAX_POINTS
from mnistlab.handwriting import collection
from mnistlab.store.store import Store
from mnistlab.ui.draw import save_label
from tests.ui.app_test import settled

STEM = [[[150.0, 40.0], [140.0, 140.0], [135.0, 240.0]]]
SCRIPT = """
import streamlit as st
from mnistlab.ui.draw import save_label
save_label.show(st.session_state.get("strokes", []), st.session_state.get("guess"))
"""


@pytest.fixture
def store(lab: Path) -> Store:
    return Store(lab / "runs")


@pytest.fixture
def at(store: Store) -> AppTest:
    return settled(AppTest.from_string(SCRIPT, default_timeout=600))


def draw(at: AppTest, strokes: list[list[list[float]]], guess: int | None = 1) -> None:
    at.session_state["strokes"], at.session_state["guess"] = strokes, guess
    settled(at)


def label(at: AppTest, digit: int) -> None:
    at.button(key=f"label{digit}").click()
    settled(at)


def take_back(at: AppTest) -> None:
    at.button(key="unkeep").click()
    settled(at)


def told(at: AppTest) -> str:
    return unescape(" ".join(element.proto.body for element in at.get("html")))


def test_without_a_drawing_nothing_can_be_kept_and_it_says_why(at: AppTest) -> None:
    assert all(button.disabled for button in at.button) and len(at.button) == 11
    assert "Draw" in told(at)


def test_one_click_keeps_and_another_one_corrects(at: AppTest, store: Store) -> None:
    draw(at, STEM)
    assert at.button(key="unkeep").disabled
    marked = [button.label for button in at.button if button.proto.type == "primary"]
    assert marked == ["1"], "the guess"
    at.text_input(key="handwriting").set_value("Zoë <b>")
    label(at, 7)
    assert collection.counts(store) == {"Zoë <b>": Counter({7: 1})}
    assert "Kept as 7" in told(at) and "<b>" in told(at)
    assert "&lt;b&gt;" in " ".join(element.proto.body for element in at.get("html"))
    label(at, 1)
    assert collection.counts(store) == {"Zoë <b>": Counter({1: 1})} and "Kept as 1" in told(at)
    (drawn,) = collection.export(store)
    assert [[list(point) for point in stroke] for stroke in drawn.strokes] == STEM


def test_each_click_can_be_taken_back(at: AppTest, store: Store) -> None:
    draw(at, STEM)
    label(at, 7)
    label(at, 1)
    draw(at, [])
    assert "Kept as 1" in told(at), "after the canvas was cleared too"
    take_back(at)
    assert collection.counts(store) == {"": Counter({7: 1})} and "Kept as 7" in told(at)
    take_back(at)
    assert collection.counts(store) == {} and at.button(key="unkeep").disabled


def test_another_drawing_is_another_one_to_keep(at: AppTest, store: Store) -> None:
    at.text_input(key="handwriting").set_value("Ada")
    draw(at, STEM)
    label(at, 1)
    draw(at, [*STEM, [[60.0, 140.0], [220.0, 140.0]]], 4)
    assert "Kept" not in told(at) and at.button(key="unkeep").disabled
    label(at, 4)
    assert collection.counts(store) == {"Ada": Counter({1: 1, 4: 1})}, "the name is remembered"


def test_what_cannot_be_kept_is_a_sentence(at: AppTest, store: Store) -> None:
    draw(at, [[[0.0, float(n)] for n in range(MAX_POINTS + 1)]])
    label(at, 1)
    assert "points" in at.error[0].value and collection.counts(store) == {}
    store.folder.mkdir()
    store.database.file.write_bytes(b"no database" * 1000)
    draw(at, STEM)
    label(at, 1)
    assert "cannot be used" in at.error[0].value


def test_only_the_last_clicks_of_a_long_session_can_be_taken_back(
    at: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(save_label, "MOST_UNDONE", 2)
    draw(at, STEM)
    for digit in (1, 2, 3, 4):
        label(at, digit)
    take_back(at)
    take_back(at)
    assert "Kept" not in told(at) and at.button(key="unkeep").disabled
    assert len(at.session_state["keepings"]) == 0
