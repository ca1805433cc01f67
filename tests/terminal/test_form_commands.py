"""`mnistlab form` and `mnistlab handwriting --form`."""

from pathlib import Path

import pytest

from mnistlab.__main__ import main
from mnistlab.handwriting import collection
from mnistlab.store.store import Store
from tests.handwriting.form.photos import filled_page, photo


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MNISTLAB_HOME", str(tmp_path))
    return tmp_path


def test_the_form_is_written_once(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = home / "form.pdf"
    assert main(["form", "--paper", "LETTER", str(path)]) == 0
    assert path.read_bytes().startswith(b"%PDF") and "Letter" in capsys.readouterr().out
    assert main(["form", str(path)]) == 2 and "exists already" in capsys.readouterr().err


def test_other_paper_is_an_error(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["form", "--paper", "a5", str(home / "form.pdf")]) == 2
    assert "'a5' is not a4 or letter" in capsys.readouterr().err
    assert not (home / "form.pdf").exists()


def test_a_form_s_photo_is_saved(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "form.jpg").write_bytes(photo(filled_page()))
    assert main(["handwriting", "--form", str(home / "form.jpg"), "--writer", "Ada"]) == 0
    assert "saved 98 drawings, 1 empty, 1 unreadable" in capsys.readouterr().out
    assert collection.counts(Store(home / "runs"))["Ada"].total() == 98
    (home / "text.jpg").write_bytes(b"text")
    assert main(["handwriting", "--form", str(home / "text.jpg")]) == 2
    assert "Not a readable image" in capsys.readouterr().err
