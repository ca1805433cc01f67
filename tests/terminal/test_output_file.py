"""Files that commands write: never over another one, never half, and errors are sentences."""

import errno
import os
from pathlib import Path

import pytest

from mnistlab.__main__ import main
from mnistlab.errors import LabError
from mnistlab.terminal.output_file import check_new, write_new


def test_a_file_is_written_once_and_never_over_another(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "runs.csv"
    check_new(path)
    write_new(path, b"first")
    with pytest.raises(LabError, match="exists already"):
        check_new(path)
    with pytest.raises(LabError, match="exists already"):
        write_new(path, b"second")
    assert path.read_bytes() == b"first"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_disk_that_refuses_leaves_no_file_and_says_where_and_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(handle: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", refuse)
    path = tmp_path / "runs.csv"
    with pytest.raises(LabError) as caught:
        write_new(path, b"content")
    assert str(path) in str(caught.value) and os.strerror(code) in str(caught.value)
    assert not list(tmp_path.iterdir()), "neither the file nor a part of it"


@pytest.mark.parametrize(
    "command",
    [
        "export --out {}/runs.csv",
        "report --reproduction --quick --out {}/report.html",
        "import {}/run.zip",
    ],
)
def test_a_file_in_place_of_a_folder_is_one_line_and_status_2(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
) -> None:
    monkeypatch.setenv("MNISTLAB_HOME", str(tmp_path))
    (tmp_path / "file").write_bytes(b"")
    assert main(command.format(tmp_path / "file").split()) == 2
    error = capsys.readouterr().err
    assert "Errno" not in error and str(tmp_path / "file") in error
    assert error.count("\n") == 1 and error.endswith(".\n")
