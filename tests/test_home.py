from pathlib import Path

import pytest

from mnistlab.errors import LabError
from mnistlab.home import default_home


def test_the_home_folder_is_the_variable_s_or_the_user_s(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MNISTLAB_HOME", str(tmp_path / "lab"))
    assert default_home().data == tmp_path / "lab" / "data"
    assert not (tmp_path / "lab").exists(), "no folder is created by the call"
    for unset in ("", None):
        monkeypatch.setenv("MNISTLAB_HOME", unset) if unset is not None else monkeypatch.delenv(
            "MNISTLAB_HOME"
        )
        assert default_home().root == Path.home() / ".mnistlab"


def test_a_class_has_runs_of_its_own_and_the_lab_s_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A folder of somebody's own may be called anything.
    monkeypatch.setenv("MNISTLAB_HOME", str(tmp_path / "classes" / "year9"))
    lab = default_home()
    assert not lab.class_name and lab.data == tmp_path / "classes" / "year9" / "data"
    for name, value in lab.of_class("7b").environment().items():
        monkeypatch.setenv(name, value)
    home = default_home()
    assert home == lab.of_class("7b") and home.data == lab.data and home.runs != lab.runs
    for name in ("..", "a/b", "a.b", "", "-x", "a" * 41):
        with pytest.raises(LabError):
            lab.of_class(name)
