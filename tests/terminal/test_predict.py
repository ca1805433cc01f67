"""`mnistlab predict`: a picture of a digit, of a number, and of ink that is neither."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mnistlab.__main__ import main
from mnistlab.drawing.classifier import Classifier
from mnistlab.drawing.multidigit import photo_digits
from mnistlab.drawing.multidigit.photo_digits import PhotoDigit, PhotoDigits
from mnistlab.drawing.photo.photo import Photo
from mnistlab.drawing.prediction import Prediction
from mnistlab.drawing.segmentation import Segment
from mnistlab.pen.raster import GrayImage, rasterize
from tests.drawing.multidigit.test_photo_digits import photo_of_number
from tests.drawn_digits import DIGITS


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNISTLAB_HOME", str(tmp_path))
    monkeypatch.setenv("MNISTLAB_THREADS", "1")


@pytest.fixture
def one(tmp_path: Path) -> Path:
    picture = Image.new("L", (200, 300), 255)
    ImageDraw.Draw(picture).line([(110, 40), (95, 260)], 0, 24)
    picture.save(tmp_path / "one.png")
    return tmp_path / "one.png"


def test_predict_prints_each_digit_of_a_picture_line_by_line(
    one: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", str(one)]) == 0
    alone = capsys.readouterr().out.splitlines()
    assert alone[0].startswith("1  (") and len(alone) == 11
    (tmp_path / "number.jpg").write_bytes(photo_of_number([[1, 9, 8], [4, 7]]))
    assert main(["predict", str(tmp_path / "number.jpg")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["1 9 8", "4 7"]
    assert [line[:3] for line in lines[2:]] == ["1  ", "9  ", "8  ", "4  ", "7  "]


def test_predict_classifies_an_image(one: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", str(one)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("1 ") and len(out.splitlines()) == 11


def test_a_file_that_is_no_checkpoint_is_one_line(
    one: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", str(one), "--checkpoint", str(one)]) == 2
    error = capsys.readouterr().err
    assert "one.png" in error and error.count("\n") == 1


def ink_of(digit: int) -> GrayImage:
    return rasterize([np.array(stroke, float) for stroke in DIGITS[digit]], 20, 280)


def read_as(monkeypatch: pytest.MonkeyPatch, *inks: GrayImage) -> None:
    """Let any image be read as these digits in one line; one that is alone, as its only ink."""
    digits = [
        PhotoDigit(ink, Segment((place,), (40 * place, 0, 40 * place + 20, 40), 0))
        for place, ink in enumerate(inks)
    ]
    whole = Photo(np.zeros((280, 280, 3), np.uint8), inks[0], inks[0], (0, 0, 20, 40), False)
    read = PhotoDigits(whole, digits if len(digits) > 1 else [])
    monkeypatch.setattr(photo_digits, "read_digits", lambda content: read)


NOTHING = np.zeros((280, 280), np.uint8)


def test_predict_leaves_out_ink_that_is_no_digit(
    one: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read_as(monkeypatch, ink_of(1), NOTHING, ink_of(7))
    assert main(["predict", str(one)]) == 0
    assert [line[:3] for line in capsys.readouterr().out.splitlines()] == ["1 7", "1  ", "7  "]
    read_as(monkeypatch, NOTHING, ink_of(7))
    assert main(["predict", str(one)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("7  (") and len(lines) == 11


@pytest.mark.parametrize("count", [1, 2])
def test_predict_without_a_digit_is_an_error(
    count: int, one: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read_as(monkeypatch, *[NOTHING] * count)
    assert main(["predict", str(one)]) == 2
    captured = capsys.readouterr()
    assert "No digit found" in captured.err and captured.err.count("\n") == 1 and not captured.out


def test_predict_prints_a_question_mark_for_what_is_not_a_digit(
    one: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seven = tuple(float(digit == 7) for digit in range(10))
    predictions = [Prediction(seven, ood_score=0.5), Prediction(seven, ood_score=1.5)]
    monkeypatch.setattr(Classifier, "predict_all", lambda self, digits: predictions)
    read_as(monkeypatch, ink_of(7), ink_of(7))
    assert main(["predict", str(one)]) == 0
    number, first, second = capsys.readouterr().out.splitlines()
    assert number == "7 ?"
    assert first.startswith("7  (100.0%, confident")
    assert second.startswith("?  (not a digit, closest: 7;")
