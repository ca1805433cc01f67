"""Containers without a home, settings that are wrong, a store that was emptied."""

import pwd
from pathlib import Path

import pytest

from mnistlab import home
from mnistlab.__main__ import main
from mnistlab.arch.presets import PRESETS
from mnistlab.errors import LabError
from mnistlab.home import Home
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.database.errors import Cause, StoreError
from mnistlab.store.store import Store
from mnistlab.ui import server
from mnistlab.worker import processes

SPEC = PRESETS[3].spec


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without HOME and without an entry in the table of users."""

    def nobody(uid: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("MNISTLAB_HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)


@pytest.mark.usefixtures("homeless")
@pytest.mark.parametrize("command", [["app"], ["show", "1"], ["train", "target-4", "--queue"]])
def test_without_a_home_a_command_says_what_to_set(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command) == 2
    error = capsys.readouterr().err
    assert "Set MNISTLAB_HOME" in error and "Traceback" not in error


@pytest.mark.usefixtures("homeless")
def test_without_a_home_the_server_ends_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit, match="Set MNISTLAB_HOME"):
        server.check_home()
    monkeypatch.setenv("MNISTLAB_HOME", str(tmp_path))
    server.check_home()
    assert home.default_home() == Home(tmp_path)


@pytest.mark.parametrize(
    "name", ["MNISTLAB_WORKERS", "MNISTLAB_THREADS", "MNISTLAB_NICE", "MNISTLAB_IDLE"]
)
def test_a_wrong_setting_queues_nothing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MNISTLAB_HOME", str(tmp_path))
    monkeypatch.setenv(name, "many")
    assert main(["train", "target-4", "--queue"]) == 2
    assert f"${name} is 'many'" in capsys.readouterr().err
    assert not Store(tmp_path / "runs").queue()


def test_only_so_many_runs_may_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "start_worker", lambda home: None)
    monkeypatch.setattr(processes, "MAX_QUEUED", 3)
    for _ in range(3):
        processes.submit(Home(tmp_path), "", SPEC, Recipe())
    with pytest.raises(LabError, match="3 runs are queued already"):
        processes.submit(Home(tmp_path), "", SPEC, Recipe())
    assert len(Store(tmp_path / "runs").queue()) == 3


def test_an_emptied_store_is_not_a_new_one(tmp_path: Path) -> None:
    store = Store(tmp_path / "runs")
    store.add("", SPEC, Recipe())
    for path in store.folder.glob("store.sqlite*"):
        path.unlink()
    store.database.file.touch()
    assert store.runs([1]) == [], "no run had files, so nothing was lost"
    store.database.file.unlink()
    store.database.file.touch()
    store.run_folder(1).mkdir()
    for action in (lambda: store.runs([1]), lambda: store.add("", SPEC, Recipe())):
        with pytest.raises(StoreError, match=r"is empty.*backup") as found:
            action()
        assert found.value.cause is Cause.DAMAGED
    assert not store.database.file.stat().st_size
    store.database.file.unlink()
    assert store.add("", SPEC, Recipe()) == 2, "folder 1 is another store's"
