"""Deleting runs permanently: rows and folders, which no transaction holds together.

A run's row goes and its folder is set aside by one rename, in one transaction; the files are
removed afterwards, when nobody waits for the store any more. Whatever ends the process in between,
a folder that was set aside is either swept later, or put back because its row is still there.

Folders that were never set aside are left alone, even if no row has their number: a new store next
to the folders of one that was moved away keeps their checkpoints.
"""

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from mnistlab.store.database.errors import StoreError
from mnistlab.store.store import Store

IMPORT_SECONDS = 24 * 3600.0
"""An import's folder that is older was left behind by a process that died."""


def remove_runs(store: Store, run_ids: Sequence[int]) -> int:
    """Remove those of the runs that are in the trash; how many.

    Raises StoreError if files could not be removed, once everything else is.
    """
    removed, failures = 0, list[str]()
    for run_id in run_ids:
        try:
            removed += _remove_row(store, run_id)
        except OSError as error:
            failures.append(str(error))
    for folder in list(_ownerless(store)):
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:
            pass  # another process sweeps as well
        except OSError as error:
            failures.append(str(error))
    if failures:
        raise StoreError(
            f"{removed} runs were deleted, but files remain in {store.folder}: {failures[0]}. "
            "Close what uses them or check their permissions, then empty the trash again."
        )
    return removed


def put_back(store: Store, db: sqlite3.Connection) -> None:
    """Return the folders that were set aside by a process that died before it removed their rows.

    `db` is a writing transaction, so no other process is between the two.
    """
    for aside in _set_aside(store):
        run_id = int(aside.name.rpartition("-")[2])
        row = db.execute("SELECT 1 FROM runs WHERE id = ?", (run_id,)).fetchone()
        if row and not store.run_folder(run_id).exists():
            aside.rename(store.run_folder(run_id))


def _remove_row(store: Store, run_id: int) -> bool:
    """Remove a run's row and set its folder aside; whether it was in the trash.

    Raises OSError if the folder cannot be renamed, StoreError if the row cannot be removed; the run
    is then in the trash as before.
    """
    folder, aside, moved = store.run_folder(run_id), store.set_aside(run_id), False
    try:
        with store.database.writing() as db:
            gone = db.execute(
                "DELETE FROM runs WHERE id = ? AND deleted IS NOT NULL", (run_id,)
            ).rowcount
            if gone and folder.exists():
                folder.rename(aside)
                moved = True
    except BaseException:
        if moved:
            aside.rename(folder)
        raise
    return bool(gone)


def _ownerless(store: Store) -> Iterator[Path]:
    """The folders to be swept: set aside and without a row, or left by an import long ago."""
    if any(_set_aside(store)):
        with store.database.writing() as db:
            put_back(store, db)
            # Seen while no other process is between a folder and its row.
            aside = list(_set_aside(store))
        yield from aside
    oldest = store.now() - IMPORT_SECONDS
    for path in store.folder.glob(".import-*"):
        with contextlib.suppress(FileNotFoundError):  # it may end just now
            if path.stat().st_mtime < oldest:
                yield path


def _set_aside(store: Store) -> Iterator[Path]:
    for path in sorted(store.folder.glob(".deleted-*")):
        if path.name.rpartition("-")[2].isdecimal():
            yield path
