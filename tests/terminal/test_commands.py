"""The commands, as a person types them; each error is one line and exit status 2."""

import argparse
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mnistlab import zoo
from mnistlab.__main__ import main
from mnistlab.arch.presets import PRESETS
from mnistlab.handwriting.drawings import from_json, to_json, validate
from mnistlab.home import Home
from mnistlab.recipe.defaults import train_command
from mnistlab.store.run import State
from mnistlab.store.store import Store
from mnistlab.terminal.cli import GROUPS, build_parser
from mnistlab.training.record import read_record, read_record_json
from mnistlab.worker import timing
from mnistlab.worker.processes import worker_lock
from tests.drawn_digits import DIGITS
from tests.waiting import CEILING, until

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def lab(tmp_path: Path, mnist_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "data").symlink_to(mnist_folder)
    monkeypatch.setenv("MNISTLAB_HOME", str(tmp_path))
    monkeypatch.setenv("MNISTLAB_THREADS", "1")
    return tmp_path


def numbers(text: str) -> list[str]:
    return re.findall(r"\d+", text)


def test_summary_takes_presets_and_network_strings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", "target-4"]) == 0
    out = capsys.readouterr().out
    assert "12,874" in out and "2,126" in out
    assert main(["summary", "8 16 p10 16 gap"]) == 0


def test_data_prints_its_folder(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data"]) == 0
    assert str(lab) in capsys.readouterr().out


def test_benchmark_estimates_the_time_per_epoch(
    lab: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(timing, "NETWORKS", [("4-p4-p-gap", 64), ("8-p-8-gap-bn", 32)])
    assert main(["benchmark"]) == 0
    out = capsys.readouterr().out
    assert all(preset.name in out for preset in PRESETS) and "%" in out
    with worker_lock(Home(lab)):
        assert main(["benchmark"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.slow
def test_train_shows_its_epochs_and_runs_lists_the_run(
    lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = (
        "train 4-p4-8-gap-bn --name tiny --epochs 2 --train-size 256 --batch-size 64 "
        "--split holdout"
    )
    assert main(command.split()) == 0
    out = capsys.readouterr().out
    assert "epoch   1" in out and "epoch   2" in out and "test: " in out
    run = Store(lab / "runs").run(1)
    assert run and run.state is State.DONE and run.recipe.batch_size == 64
    assert main(["runs"]) == 0
    assert "tiny" in capsys.readouterr().out


@pytest.mark.slow
def test_a_run_learns_from_a_teacher_and_its_command_trains_it_again(
    lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = (
        "train 4-p4-8-gap-bn --epochs 1 --train-size 256 --batch-size 64 --teacher smallest "
        "--soft-label-weight 0.5 --distillation-temperature 2"
    )
    assert main(command.split()) == 0
    store = Store(lab / "runs")
    run = store.run(1)
    assert run and run.state is State.DONE and run.recipe.soft_label_weight == 0.5
    capsys.readouterr()
    assert main(["show", "1"]) == 0
    assert re.search(r"teacher +smallest .* 4,844 parameters", capsys.readouterr().out)
    printed = train_command(run.spec, run.recipe).removeprefix("python -m mnistlab ")
    assert main(printed.split()) == 0
    again = store.run(2)
    assert again and again.recipe == run.recipe and again.last == run.last
    assert main(["train", "4-p4-8-gap-bn", "--teacher", "2", *command.split()[2:-6]]) == 0
    student = store.run(3)
    assert student and student.recipe.teacher not in ("", run.recipe.teacher)
    tuning = "--epochs 1 --train-size 256 --batch-size 64 --interpolation 0"
    assert main(["train", "4-p4-8-gap-bn", "--initial", "3", *tuning.split()]) == 0
    tuned = store.run(4)
    assert tuned and tuned.best and student.best
    assert tuned.best == student.best
    assert main(["train", "4-p4-9-gap-bn", "--initial", "3"]) != 0
    assert "another network" in capsys.readouterr().err and store.run(5) is None


@pytest.mark.slow
def test_runs_are_queued_paused_resumed_compared_and_exported(
    lab: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def do(command: str, status: int = 0) -> str:
        assert main(command.split()) == status, capsys.readouterr()
        return capsys.readouterr().out

    small = "train 4-p4-8-gap-bn --train-size 64 --batch-size 64 --owner Ada"
    assert "run 1" in do(f"{small} --epochs 300 --queue")
    store = Store(lab / "runs")
    until(lambda: len(store.runs([1])[0].epochs) >= 2)
    do("pause 1")
    until(lambda: store.runs([1])[0].state is State.PAUSED)
    assert "paused" in do("show 1") and "paused" in do("runs ada")
    do("pause 1", status=2)
    do("resume 1 --queue")
    before = len(store.runs([1])[0].epochs)
    until(lambda: len(store.runs([1])[0].epochs) > before)
    do("stop 1")
    until(lambda: store.runs([1])[0].state is State.STOPPED)
    do("resume 1", status=2)

    assert "epoch   2" in do(f"{small} --epochs 2 --seed 3 --weight-decay 0")
    out = do("compare 1 2")
    assert "seed" in out and "weight decay" in out and "optimizer" not in out
    assert "McNemar" in out and "epochs" in out

    monkeypatch.chdir(tmp_path)
    for command, name in (
        ("export", "runs.csv"),
        ("export 2", "run2.zip"),
        ("export 2 --csv", "run2-epochs.csv"),
        ("export 2 --record", "run2.json"),
        ("export 2 --html", "run2.html"),
        ("export 2 --pytorch", "run2-pytorch.zip"),
        ("export 2 --card", "run2-card.md"),
        ("export smallest --html", "smallest.html"),
        ("report 1 2 --out two.html", "two.html"),
        ("report 2 --out one.md", "one.md"),
    ):
        assert name in do(command) and Path(name).stat().st_size
        assert do(command, status=2) == "", "nothing is written over"
    assert read_record_json(Path("run2.json")) == read_record(store.best_checkpoint_path(2))
    assert "run 2" in do("import run2.zip"), "it is here already"
    monkeypatch.setenv("MNISTLAB_HOME", str(tmp_path / "other"))
    assert "run 1" in do("import run2.zip")
    (first,), (second,) = store.runs([2]), Store(Home(tmp_path / "other").runs).runs([1])
    assert first.epochs == second.epochs and first.test == second.test


def test_drawings_are_counted_scored_and_exported(
    lab: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def do(command: str, status: int = 0) -> str:
        assert main(command.split()) == status, capsys.readouterr()
        return capsys.readouterr().out

    monkeypatch.chdir(tmp_path)
    assert len(do("handwriting").splitlines()) == 1
    do("handwriting --score", status=2)
    do("handwriting --export none.json", status=2)
    drawings = [validate(label, "Ada", DIGITS[label]) for label in (1, 7)]
    drawings.append(validate(9, "", DIGITS[4]))
    Path("class.json").write_text(to_json(drawings))
    assert numbers(do("handwriting --import class.json")) == ["3", "0"]
    assert numbers(do("handwriting --import class.json")) == ["0", "3"]
    assert "Ada" in do("handwriting") and len(do("handwriting").splitlines()) == 2
    out = do("handwriting --score")
    assert "66.67%" in out and "9 predicted as 4" in out and "sketch" in out
    out = do(f"handwriting --score {zoo.checkpoint('target-4')} --writer Ada")
    assert "100.00%" in out and "predicted as" not in out and "target-4" in out
    do("handwriting --score class.json", status=2)
    assert numbers(do("handwriting --export ada.json --writer Ada")) == ["2"]
    assert from_json(Path("ada.json").read_bytes()) == drawings[:2]
    assert do("handwriting --export ada.json", status=2) == "", "nothing is written over"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_ctrl_c_stops_the_run_and_each_epoch_is_printed_once(lab: Path) -> None:
    command = [
        "train",
        "4-p4-8-gap-bn",
        "--epochs",
        "1000",
        "--train-size",
        "64",
        "--batch-size",
        "64",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "mnistlab", *command], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=CEILING)
    epochs = [line.split()[1] for line in (first + rest).splitlines() if line.startswith("epoch")]
    assert epochs == [str(number) for number in range(1, len(epochs) + 1)]
    run = Store(lab / "runs").run(1)
    assert run and run.state is State.STOPPED and len(run.epochs) == len(epochs)
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("command", "part"),
    [
        ("", "COMMAND"),
        ("fly", "fly"),
        ("summary 8-x", "“x”"),
        ("summary 8-p-8-p-8-p-8", "conv4"),
        ("train target-9", "target"),
        ("train target-4 --learning-rate nan", "learning rate: nan"),
        ("train target-4 --learning-rate fast", "learning rate: fast"),
        ("train target-4 --epochs 1.5", "epochs: 1.5"),
        ("train target-4 --schedule spiral", "spiral"),
        ("train target-4 --target-accuracy 99.4", "target accuracy: 99.4"),
        ("train target-4 --teacher nobody", "“nobody”"),
        ("train target-4 --teacher 7", "run 7"),
        ("train target-4 --teacher README.md", "README.md"),
        ("train target-4 --teacher 0123456789abcdef", "0123456789abcdef"),
        ("study target-4 --teacher smallest --soft-label-weight 2", "soft label weight: 2"),
        ("report 7 --out a.html", "Run 7"),
        ("report 7 --out a.pdf", ".html or .md"),
        ("report --out a.md", "--reproduction"),
        ("report --reproduction --out README.md", "README.md"),
        ("reproduce --report a.txt", ".html or .md"),
        ("export --record", "number"),
        ("export --html", "number"),
        ("export smallest", "--html"),
        ("export smallest --csv", "--html"),
        ("export nobody --html", "most-accurate"),
        ("export 7 --html", "Run 7"),
        ("show 7", "Run 7"),
        ("resume 7", "Run 7"),
        ("pause 7", "Run 7"),
        ("compare 7 8", "Run 7"),
        ("export 7", "Run 7"),
        ("export --tensorboard", "number"),
        ("import nowhere.zip", "nowhere.zip"),
        ("import README.md", "Import failed"),
        ("show seven", "seven"),
        ("handwriting --import nowhere.json", "nowhere.json"),
        ("handwriting --import README.md", "Import failed"),
        ("handwriting --score --export x.json", "not allowed"),
        ("predict nowhere.png", "nowhere.png"),
        ("predict .", "directory"),
        ("predict README.md", "Not a readable image"),
        ("predict README.md --checkpoint README.md", "Not a readable image"),
    ],
)
def test_an_error_is_one_line_and_status_2(
    command: str, part: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(command.split()) == 2
    captured = capsys.readouterr()
    assert part in captured.err and captured.err.count("\n") == 1 and not captured.out


def test_the_module_runs_as_a_command() -> None:
    command = [sys.executable, "-m", "mnistlab", "summary", "target-2"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "12,490" in done.stdout


def test_help_lists_every_command_in_its_group_within_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as exit_info:
        main(["--help"])
    assert exit_info.value.code == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    parser = build_parser()
    (subparsers,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    listed = re.findall(r"^  ([a-z]+)  ", text, re.MULTILINE)
    assert sorted(listed) == sorted(subparsers.choices)
    titles = re.findall(r"^(\w[\w ]+):$", text, re.MULTILINE)
    assert titles == ["options", *dict.fromkeys(group.GROUP for group in GROUPS)]
