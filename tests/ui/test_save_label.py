"""The label buttons by AppTest: one click saves, another one corrects."""

from collections import Counter
from html import unescape
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mnistlab.drawing.strokes import MAX_POINTS
from mnistlab.handwriting import collection
from mnistlab.store.store import Store
from mnistlab.ui.draw import save_label
from mnistlab.ui.draw.canvas_buttons import NEXT
from tests.ui.app_test import settled

STEM = [[[150.0, 40.0], [140.0, 140.0], [135.0, 240.0]]]
SCRIPT = """
import streamlit as st
from mnistlab.ui.draw import save_label
save_label.show(st.session_state.get("strokes", []))
"""


@pytest.fixture
def store(lab: Path) -> Store:
    return Store(lab / "runs")


@pytest.fixture
def at(store: Store) -> AppTest:
    return settled(AppTest.from_string(SCRIPT, default_timeout=600))


def draw(at: AppTest, strokes: list[list[list[float]]]) -> None:
    at.session_state["strokes"] = strokes
    settled(at)


def filled(at: AppTest) -> list[str]:
    return [button.label for button in at.button if button.proto.type == "primary"]


def label(at: AppTest, digit: int) -> None:
    at.button(key=f"label{digit}").click()
    settled(at)


def undo(at: AppTest) -> None:
    at.button(key="undo_save").click()
    settled(at)


def text_of(at: AppTest) -> str:
    return unescape(" ".join(element.proto.body for element in at.get("html")))


def test_without_a_drawing_nothing_can_be_saved(at: AppTest) -> None:
    assert all(button.disabled for button in at.button) and len(at.button) == 12


def test_one_click_saves_and_another_one_corrects(at: AppTest, store: Store) -> None:
    draw(at, STEM)
    assert at.button(key="undo_save").disabled
    assert filled(at) == [] and at.button(key=NEXT).disabled, "nothing is saved yet"
    at.text_input(key="writer").set_value("Zoë <b>")
    label(at, 7)
    assert collection.counts(store) == {"Zoë <b>": Counter({7: 1})}
    assert "Saved as 7" in text_of(at) and "<b>" in text_of(at)
    assert filled(at) == ["7"] and not at.button(key=NEXT).disabled
    assert "&lt;b&gt;" in " ".join(element.proto.body for element in at.get("html"))
    label(at, 1)
    assert collection.counts(store) == {"Zoë <b>": Counter({1: 1})} and "Saved as 1" in text_of(at)
    assert filled(at) == ["1"]
    (drawn,) = collection.export(store)
    assert [[list(point) for point in stroke] for stroke in drawn.strokes] == STEM


def test_each_save_can_be_undone(at: AppTest, store: Store) -> None:
    draw(at, STEM)
    label(at, 7)
    label(at, 1)
    draw(at, [])
    assert "Saved as 1" in text_of(at), "also after the canvas was cleared"
    assert filled(at) == [] and at.button(key=NEXT).disabled
    undo(at)
    assert collection.counts(store) == {"": Counter({7: 1})} and "Saved as 7" in text_of(at)
    undo(at)
    assert collection.counts(store) == {} and at.button(key="undo_save").disabled


def test_another_drawing_is_saved_separately(at: AppTest, store: Store) -> None:
    at.text_input(key="writer").set_value("Ada")
    draw(at, STEM)
    label(at, 1)
    draw(at, [*STEM, [[60.0, 140.0], [220.0, 140.0]]])
    assert "Saved" not in text_of(at) and at.button(key="undo_save").disabled
    label(at, 4)
    assert collection.counts(store) == {"Ada": Counter({1: 1, 4: 1})}, "the name is remembered"
    assert "2" in text_of(at).partition("Saved as 4")[2], "how many this writer has saved"


def test_an_invalid_drawing_and_a_damaged_store_are_errors(at: AppTest, store: Store) -> None:
    draw(at, [[[0.0, float(n)] for n in range(MAX_POINTS + 1)]])
    label(at, 1)
    assert "points" in at.error[0].value and collection.counts(store) == {}
    store.folder.mkdir()
    store.database.file.write_bytes(b"no database" * 1000)
    draw(at, STEM)
    label(at, 1)
    assert "store.sqlite" in at.error[0].value


def test_only_the_last_saves_of_a_long_session_can_be_undone(
    at: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(save_label, "MAX_UNDO", 2)
    draw(at, STEM)
    for digit in (1, 2, 3, 4):
        label(at, digit)
    undo(at)
    undo(at)
    assert "Saved" not in text_of(at) and at.button(key="undo_save").disabled
    assert len(at.session_state["saves"]) == 0
