"""The form on the Handwriting page: downloaded, taken in, digits left out, saved."""

from collections import Counter
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mnistlab.handwriting import collection
from mnistlab.store.database.errors import StoreError
from mnistlab.store.store import Store
from mnistlab.ui.handwriting import form
from tests.handwriting.form.photos import EMPTY, FILLED, filled_page, photo
from tests.ui.app_test import body, run, settled


@pytest.fixture
def store(lab: Path) -> Store:
    return Store(lab / "runs")


@pytest.fixture(scope="module")
def content() -> bytes:
    return photo(filled_page())


def take_in(at: AppTest, content: bytes, name: str = "form.jpg") -> AppTest:
    uploader = next(each for each in at.file_uploader if each.label == "Photo of a filled form")
    uploader.set_value([(name, content, "image/jpeg")])
    return settled(at)


def opened(content: bytes) -> AppTest:
    return take_in(run("pages/handwriting.py"), content)


def saved(store: Store) -> dict[str, Counter[int]]:
    return {name: +counter for name, counter in collection.counts(store).items()}


def test_a_form_s_digits_are_shown_and_saved_under_their_labels(
    store: Store, content: bytes
) -> None:
    at = opened(content)
    assert "Found 98 digits in 100 boxes (1 empty, 1 unreadable)" in body(at)
    assert not store.database.file.exists(), "nothing is kept before it was seen"
    at.text_input(key="form_writer0").set_value("Ada")
    settled(at).button(key="form_save").click()
    assert "Saved 98 drawings by Ada." in body(settled(at))
    expected = Counter({label: 10 for label in range(10)})
    expected[EMPTY[1]] -= 1
    expected[FILLED[1]] -= 1
    assert saved(store) == {"Ada": expected}
    assert not at.exception and "Found" not in body(at), "ready for the next form"


def test_a_digit_that_is_clicked_is_left_out_and_kept_again(store: Store, content: bytes) -> None:
    at = opened(content)
    assert at.button(key="form_save").label == "Save 98 drawings"
    at.session_state[form.LEFT_OUT] = [0, 99]
    assert settled(at).button(key="form_save").label == "Save 96 drawings"
    assert "2 left out by you" in body(at)
    at.session_state[form.LEFT_OUT] = [99]
    settled(at).button(key="form_save").click()
    settled(at)
    assert saved(store)[""][9] == 9 and saved(store)[""][0] == 10


def test_a_discarded_form_saves_nothing(store: Store, content: bytes) -> None:
    at = opened(content)
    at.button(key="form_discard").click()
    assert "Found" not in body(settled(at)) and not store.database.file.exists()


@pytest.mark.parametrize("content", [b"", b"text", b"<script>alert(1)</script>"])
def test_another_file_is_an_error_that_says_what_to_do(store: Store, content: bytes) -> None:
    at = opened(content)
    assert [error.value for error in at.error] == ["Not a readable image. Choose a PNG or JPEG."]
    assert not any(button.key == "form_save" for button in at.button)


def test_a_store_that_fails_keeps_the_form_on_the_page(
    store: Store, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> int:
        raise StoreError("The disk is full. Free some space.")

    at = opened(content)
    with monkeypatch.context() as patch:
        patch.setattr(collection, "save_all", fail)
        at.button(key="form_save").click()
        assert [error.value for error in settled(at).error] == [
            "The disk is full. Free some space."
        ]
    at.button(key="form_save").click()
    settled(at)
    assert sum(saved(store)[""].values()) == 98


def test_cards_are_buttons_in_the_order_of_the_form() -> None:
    from tests.drawn_digits import DIGITS

    strokes = tuple(tuple(stroke) for stroke in DIGITS[3])
    pixels = form._pixels(strokes)
    boxes = [form.ShownBox(3, "digit", strokes, pixels), form.ShownBox(4, "empty", (), None)]
    cards = str(form.cards([*boxes, boxes[0]], [2]))
    assert cards.count('role="button"') == 2 and cards.count("lab-gap") == 1
    assert 'data-part="0" aria-pressed="true"' in cards
    assert 'data-part="2" aria-pressed="false"' in cards
    text = form.describe(boxes, 1)
    assert text == "Found 1 digit in 2 boxes (1 empty). Click a digit to leave it out."
