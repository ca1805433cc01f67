"""The copy of plotly.js that the browser gets."""

from pathlib import Path

from mnistlab.ui.common.plot import LIBRARY, copy_library


def test_the_library_is_copied_once_and_replaces_other_versions(tmp_path: Path) -> None:
    folder = tmp_path / "static"
    folder.mkdir()
    (folder / "plotly-0.0.0.min.js").write_text("old")
    (folder / "other.js").write_text("mine")
    copy_path = copy_library(folder)
    assert copy_path.read_bytes() == LIBRARY.read_bytes()
    assert {path.name for path in folder.iterdir()} == {copy_path.name, "other.js"}
    before = copy_path.stat()
    copy_library(folder)
    assert copy_path.stat() == before
    copy_path.write_text("cut off")
    assert copy_library(folder).stat().st_size == LIBRARY.stat().st_size


def test_browsers_keep_the_copy_for_years(tmp_path: Path) -> None:
    assert copy_library(tmp_path).stat().st_mtime < 10**9
