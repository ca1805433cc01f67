"""Deleting permanently: whatever fails or dies midway, rows and folders agree again afterwards."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mnistlab.arch.presets import PRESETS
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.database.errors import StoreError
from mnistlab.store.exchange.archive import export_run, import_run
from mnistlab.store.folders import IMPORT_MARK
from mnistlab.store.run import State
from mnistlab.store.store import Store
from mnistlab.store.table import Query, table
from mnistlab.store.trash import IMPORT_SECONDS, empty_trash, move_to_trash, restore_from_trash
from tests.store.exchange.test_archive import add_finished_run

ROOT = Path(__file__).parents[2]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Three runs in the trash, each with a file, and a fourth that is not."""
    store = Store(tmp_path / "runs")
    for _ in range(4):
        run_id = store.add("", PRESETS[3].spec, Recipe())
        store.claim()
        store.finish(run_id, State.DONE, "")
        store.run_folder(run_id).mkdir()
        store.best_checkpoint_path(run_id).write_bytes(b"weights")
    move_to_trash(store, [1, 2, 3])
    return store


def runs_in_trash(store: Store) -> list[int]:
    return sorted(run.id for run in table(store, Query(deleted=True)).rows)


def left(store: Store) -> set[str]:
    return {path.name for path in store.folder.iterdir() if path.is_dir()}


def test_a_file_that_cannot_be_removed_does_not_keep_other_runs(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.rmtree

    def stubborn(folder: Path) -> None:
        if folder.name.endswith("000002"):
            raise PermissionError(13, "in use", str(folder))
        real(folder)

    with monkeypatch.context() as broken:
        broken.setattr(shutil, "rmtree", stubborn)
        with pytest.raises(StoreError, match="in use"):
            empty_trash(store)
    assert runs_in_trash(store) == [] and store.run(2) is None
    assert store.best_checkpoint_path(4).exists() and len(left(store)) == 2
    assert store.add("", PRESETS[3].spec, Recipe()) == 5
    assert empty_trash(store) == 0 and left(store) == {"000004"}, "tried again, and swept"


def test_a_folder_that_cannot_be_renamed_keeps_its_run_with_its_files(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.rename

    def stubborn(self: Path, target: Path) -> Path:
        if self.name == "000002":
            raise PermissionError(13, "in use", str(self))
        return real(self, target)

    with monkeypatch.context() as broken:
        broken.setattr(Path, "rename", stubborn)
        with pytest.raises(StoreError, match="in use"):
            empty_trash(store)
    assert runs_in_trash(store) == [2] and store.best_checkpoint_path(2).read_bytes() == b"weights"
    assert empty_trash(store) == 1 and left(store) == {"000004"}


def test_the_store_can_be_written_while_files_are_removed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, written = shutil.rmtree, []

    def slow(folder: Path) -> None:
        with store.database.writing(patience=0.0):
            written.append(folder)
        real(folder)

    monkeypatch.setattr(shutil, "rmtree", slow)
    assert empty_trash(store) == 3 and len(written) == 3


@pytest.mark.parametrize("then", ["restored", "emptied"])
def test_a_process_that_died_before_deleting_the_row_loses_no_file(store: Store, then: str) -> None:
    # Its folder was set aside, and SQLite has undone the rest.
    store.run_folder(2).rename(store.set_aside(2))
    if then == "restored":
        assert restore_from_trash(store, [2]) == [2]
        assert store.best_checkpoint_path(2).read_bytes() == b"weights"
    else:
        assert empty_trash(store) == 3 and left(store) == {"000004"}


def test_a_process_that_died_after_deleting_the_row_leaves_no_file(store: Store) -> None:
    store.run_folder(1).rename(store.set_aside(1))
    with store.database.writing() as db:
        db.execute("DELETE FROM runs WHERE id = 1")
    assert empty_trash(store) == 2 and left(store) == {"000004"}


KILLED_IMPORT = """
import os, sys
from pathlib import Path
from mnistlab.store.exchange.archive import import_run
from mnistlab.store.store import Store

rename = Path.rename

def rename_and_die(self, target):
    result = rename(self, target)
    if Path(target).name.isdecimal():
        os._exit(9)  # as if killed: no finally block runs
    return result

Path.rename = rename_and_die
import_run(Store(Path(sys.argv[1])), Path(sys.argv[2]).read_bytes())
"""


def test_an_import_killed_before_its_commit_leaves_no_file(store: Store, tmp_path: Path) -> None:
    source = Store(tmp_path / "source")
    archive = tmp_path / "run.zip"
    archive.write_bytes(export_run(source, add_finished_run(source)))
    command = [sys.executable, "-c", KILLED_IMPORT, str(store.folder), str(archive)]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 9
    killed_id = 5
    assert store.run(killed_id) is None and store.run_folder(killed_id).is_dir()

    imported = import_run(store, archive.read_bytes())
    assert imported > killed_id, "no import gets a folder that exists"
    assert not (store.run_folder(imported) / IMPORT_MARK).exists()
    assert empty_trash(store) == 3
    assert left(store) == {"000004", f"{imported:06}"}
    assert store.best_checkpoint_path(imported).exists()


def test_an_import_killed_after_its_commit_keeps_its_files(store: Store) -> None:
    (store.run_folder(4) / IMPORT_MARK).touch()
    assert empty_trash(store) == 3 and store.best_checkpoint_path(4).exists()


def test_folders_of_a_moved_store_and_of_imports_are_left_alone(tmp_path: Path) -> None:
    now = [0.0]
    store = Store(tmp_path, clock=lambda: now[0])
    for name in ("000007", "000001", ".import-5a", ".deleted-000003"):
        (tmp_path / name).mkdir()
    now[0] = (tmp_path / ".import-5a").stat().st_mtime + IMPORT_SECONDS - 1
    ids = [store.add("", PRESETS[3].spec, Recipe()) for _ in range(3)]
    assert ids == [2, 4, 5], "no number that a folder has"
    assert empty_trash(store) == 0
    assert left(store) == {"000001", "000007", ".import-5a"}
    now[0] += 2
    assert empty_trash(store) == 0 and ".import-5a" not in left(store)


def test_an_empty_store_has_nothing_to_remove_and_stays_without_a_file(tmp_path: Path) -> None:
    store = Store(tmp_path / "runs")
    assert empty_trash(store) == 0 and not store.folder.exists()
