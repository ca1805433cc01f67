from pathlib import Path

import pytest

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
