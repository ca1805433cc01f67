"""Output in an old code page, into a pipe that is closed, and onto a full disk."""

import argparse
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from mnistlab.__main__ import main
from mnistlab.arch.spec import parse
from mnistlab.home import Home
from mnistlab.recipe.recipe import Recipe
from mnistlab.stats.score import Score
from mnistlab.store.run import State
from mnistlab.store.store import Store
from mnistlab.terminal.cli import build_parser
from mnistlab.terminal.console import BROKEN_PIPE_STATUS
from mnistlab.training.epoch import Epoch

ROOT = Path(__file__).parents[2]
RECIPE = Recipe(epochs=1)
ENCODINGS = ("ascii", "cp1251", "cp1252")
(SUBPARSERS,) = (a for a in build_parser()._actions if isinstance(a, argparse._SubParsersAction))
COMMANDS = (
    "--help",
    "--version",
    *(f"{name} --help" for name in SUBPARSERS.choices),
    "summary target-4",
    "summary 8-“x”",
    "runs",
    "runs nothing",
    "show 1",
    "show 9",
    "compare 1 2",
    "export --out {home}/table.csv",
    "export 1 --csv --out {home}/epochs.csv",
    "report 1 2 --out {home}/report.md",
    "predict {home}/one.png",
    "handwriting",
    "handwriting --writer “ü” --export {home}/ü.json",
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with two runs and a picture of a 1."""
    monkeypatch.setenv("MNISTLAB_HOME", str(tmp_path))
    store = Store(Home(tmp_path).runs)
    for name in ("“Ünïcode” – 数字", "a\udcffb"):
        run_id = store.add(name.encode("utf-8", "replace").decode(), parse("4-p4-8-gap-bn"), RECIPE)
        store.claim()
        store.replace_epochs(run_id, [Epoch(1, 0.3, 0.9, 0.2, 60, 10_000, 0.1, 2.5, 3999.5)])
        store.finish(run_id, State.DONE, "", Score(60, 10_000))
    picture = Image.new("L", (200, 300), 255)
    ImageDraw.Draw(picture).line([(110, 40), (95, 260)], 0, 24)
    picture.save(tmp_path / "one.png")
    return tmp_path


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_writes_in_any_code_page(
    home: Path, monkeypatch: pytest.MonkeyPatch, command: str, encoding: str
) -> None:
    written = io.BytesIO()
    streams = [io.TextIOWrapper(written, encoding) for _ in range(2)]
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])
    try:
        main(command.format(home=home).split())
    except SystemExit as end:
        assert end.code == 0, "--help and --version"
    for stream in streams:
        stream.flush()
    assert "Traceback" not in written.getvalue().decode(encoding) and written.tell()


def test_what_ascii_lacks_is_spelled(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(buffer := io.BytesIO(), "ascii"))
    assert main(["summary", "target-4"]) == 0
    text = buffer.getvalue().decode("ascii")
    assert "3x3" in text and "?" not in text


@pytest.mark.parametrize("encoding", [*ENCODINGS, "utf-8"])
def test_the_environment_s_encoding_is_kept(home: Path, encoding: str) -> None:
    environment = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "mnistlab", "runs"],
        cwd=ROOT, env=environment, capture_output=True, check=True,
    )  # fmt: skip
    text = done.stdout.decode(encoding)
    assert ("Ünïcode" in text) == (encoding in ("cp1252", "utf-8")) and not done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX's pipes")
@pytest.mark.parametrize("command", ["summary target-4", "--help", "show 9"])
def test_a_closed_pipe_ends_a_command_without_a_word(home: Path, command: str) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    error = write_end if command == "show 9" else subprocess.PIPE
    done = subprocess.run(
        [sys.executable, "-m", "mnistlab", *command.split()],
        cwd=ROOT, stdout=write_end, stderr=error, check=False,
    )  # fmt: skip
    os.close(write_end)
    # argparse ignores the error of an unbuffered stream.
    statuses = {0, BROKEN_PIPE_STATUS} if command == "--help" else {BROKEN_PIPE_STATUS}
    assert done.returncode in statuses and not done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_line(home: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "mnistlab", "summary", "target-4"],
            cwd=ROOT, stdout=full, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
    error = done.stderr.decode()
    assert done.returncode == 2 and error.count("\n") == 1 and "space" in error


def test_the_version_names_what_a_bug_report_needs(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    line = capsys.readouterr().out
    assert end.value.code == 0 and line.count("\n") == 1
    assert all(name in line for name in ("mnistlab ", "Python ", "torch ", "streamlit "))
