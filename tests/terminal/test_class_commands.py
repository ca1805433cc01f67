"""The command for a class: names of folders, addresses, the end."""

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from mnistlab.__main__ import main
from mnistlab.classroom.task import Control, Task
from mnistlab.errors import LabError
from mnistlab.recipe.defaults import default_recipe
from mnistlab.store.classroom import current_task
from mnistlab.store.run import Request
from mnistlab.store.store import Store
from mnistlab.terminal import app_commands
from mnistlab.worker import processes
from tests.store.classroom.a_class import RECIPE, SPEC, open_example


@pytest.mark.parametrize(
    "name, folder", [("7b", "7b"), ("Class 7B!", "class-7b"), ("../../etc", "etc"), ("Ä 1", "ä-1")]
)
def test_a_class_s_folder_is_one_name(name: str, folder: str) -> None:
    assert app_commands.folder_name(name) == folder


def test_a_name_without_letters_is_an_error() -> None:
    with pytest.raises(LabError, match="no letter"):
        app_commands.folder_name("../..")


def test_the_addresses_are_what_others_can_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_commands, "local_addresses", lambda: ["192.168.1.5", "fd00::2"])
    addresses = app_commands.public_addresses
    assert addresses("0.0.0.0", 8501) == ["http://192.168.1.5:8501"]
    assert addresses("::", 8501)[1] == "http://[fd00::2]:8501"
    assert addresses("127.0.0.1", 80) == ["http://127.0.0.1:80"]
    assert addresses("0.0.0.0", 8501, "https://a.org/7b/") == ["https://a.org/7b"]


@pytest.mark.parametrize(
    "options, sentence",
    [
        ("", "Nothing is encrypted"),
        ("--url http://a.org/7b", "Nothing is encrypted"),
        ("--url https://a.org/7b", "Port 8501 is open beside the proxy"),
        ("--url https://a.org/7b --host 127.0.0.1", "The proxy encrypts"),
    ],
)
def test_what_is_encrypted_is_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: str,
    sentence: str,
) -> None:
    monkeypatch.setenv("MNISTLAB_HOME", str(tmp_path))
    monkeypatch.setattr(app_commands, "check_port", lambda *_: None)
    monkeypatch.setattr(app_commands, "serve", lambda *_: 0)
    assert main(["class", "7b", *options.split()]) == 0
    assert sentence in capsys.readouterr().out


def test_training_in_a_class_keeps_to_its_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    example = open_example(tmp_path)
    recipe = replace(default_recipe(SPEC), epochs=2)
    task = Task("Try batch norm.", SPEC, recipe, frozenset({Control.BATCH_NORM}))
    current_task.set_task(example.teacher, task)
    for name, value in example.home.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(processes, "start_worker", lambda home: None)
    network = str(SPEC)
    assert main(["train", network, "--queue", "--epochs=9"]) == 2
    assert "Train with" in (error := capsys.readouterr().err) and "end the task" in error
    assert not example.lab.queue()
    assert main(["train", network, "--queue", "--epochs=2"]) == 0
    current_task.set_task(example.teacher, None)
    assert main(["train", "8-p-gap", "--queue"]) == 0
    assert len(example.lab.queue()) == 2


def test_the_end_exports_everything_and_erases_after_the_name_was_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    example = open_example(tmp_path / "lab")
    run_id = example.ada.add("mine", SPEC, RECIPE, "")
    monkeypatch.setenv("MNISTLAB_HOME", str(tmp_path / "lab"))
    monkeypatch.chdir(tmp_path)
    assert main(["class", "7b", "--end"]) == 2
    assert f"Run {run_id} trains or waits" in capsys.readouterr().err
    Store(example.home.runs).request(run_id, Request.STOP)

    monkeypatch.setattr("sys.stdin", io.StringIO("no\n"))
    assert main(["class", "7b", "--end"]) == 1
    (path,) = tmp_path.glob("*.zip")
    assert example.home.folder.is_dir()
    with zipfile.ZipFile(path) as archive:
        assert "Ada" in archive.read("7b/runs.csv").decode()
        assert any(name.startswith("7b/runs/") for name in archive.namelist())
    path.unlink()
    monkeypatch.setattr("sys.stdin", io.StringIO("7b\n"))
    assert main(["class", "7b", "--end"]) == 0
    assert not example.home.folder.exists() and list(tmp_path.glob("*.zip"))
    assert main(["class"]) == 0
    assert "No class yet" in capsys.readouterr().out
