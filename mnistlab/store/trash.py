"""The trash: runs are moved there, restored, or deleted permanently.

Deleting concerns rows and folders, which one transaction cannot cover. A run's row is deleted and
its folder renamed in one transaction; the files are removed afterwards, while other processes can
use the store. If the process is killed in between, the renamed folder is either removed later, or
renamed back because its row is still there.

An import adds a row and a folder in the same way, and a process that is killed before the commit
leaves a folder without a row. Its mark (`folders.IMPORT_MARK`) says that it may be removed.

Other folders are never removed, even if no row has their id: they may belong to another store that
was moved away.
"""

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from mnistlab.store.database.errors import StoreError
from mnistlab.store.folders import IMPORT_MARK
from mnistlab.store.rights.ownership import require_own
from mnistlab.store.run import State
from mnistlab.store.store import Store

IMPORT_SECONDS = 24 * 3600.0
"""An older import folder belongs to a process that died."""


def move_to_trash(store: Store, run_ids: Sequence[int]) -> list[int]:
    """Move runs to the trash; the ids of those moved: queued and running ones are not."""
    with store.database.writing() as db:
        require_own(db, store.actor, "runs", run_ids)
        return _set_deleted(db, run_ids, store.now(), "deleted IS NULL AND state NOT IN (?, ?)",
                     (State.QUEUED, State.RUNNING))  # fmt: skip


def restore_from_trash(store: Store, run_ids: Sequence[int]) -> list[int]:
    """Restore runs from the trash; the ids of those restored."""
    with store.database.writing() as db:
        require_own(db, store.actor, "runs", run_ids)
        _put_back(store, db)
        return _set_deleted(db, run_ids, None, "deleted IS NOT NULL", ())


def empty_trash(store: Store, run_ids: Sequence[int] | None = None) -> int:
    """Delete the actor's runs in the trash, or those of `run_ids`, and their files permanently; how
    many.

    Raises StoreError if a file cannot be removed. The other runs are deleted nevertheless, and the
    next call tries the remaining files again.
    """
    if run_ids is None:
        whose = "" if store.actor.is_teacher else "AND person = ?"
        values = () if store.actor.is_teacher else (store.actor.person,)
        with store.database.reading() as db:
            rows = db.execute(f"SELECT id FROM runs WHERE deleted IS NOT NULL {whose}", values)
            run_ids = [row["id"] for row in rows]
    return _remove_runs(store, run_ids)


def _set_deleted(
    db: sqlite3.Connection,
    run_ids: Sequence[int],
    deleted: float | None,
    condition: str,
    values: Sequence[object],
) -> list[int]:
    placeholders = ", ".join("?" * len(run_ids))
    rows = db.execute(
        f"UPDATE runs SET deleted = ? WHERE id IN ({placeholders}) AND {condition} RETURNING id",
        (deleted, *run_ids, *values),
    ).fetchall()
    return sorted(row["id"] for row in rows)


def _remove_runs(store: Store, run_ids: Sequence[int]) -> int:
    """Delete the runs, if they are in the trash; how many.

    Raises StoreError if files could not be removed, after everything else was.
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
            pass  # another process removes them as well
        except OSError as error:
            failures.append(str(error))
    if failures:
        raise StoreError(
            f"Deleted {removed} runs, but files remain in {store.folder}: {failures[0]}. "
            "Close programs that use them or check their permissions, then empty the trash again."
        )
    return removed


def _put_back(store: Store, db: sqlite3.Connection) -> None:
    """Rename the folders back that a process set aside before it died and their rows remained.

    `db` is a writing transaction, so no other process is deleting now.
    """
    for aside in _set_aside(store):
        run_id = int(aside.name.rpartition("-")[2])
        row = db.execute("SELECT 1 FROM runs WHERE id = ?", (run_id,)).fetchone()
        if row and not store.run_folder(run_id).exists():
            aside.rename(store.run_folder(run_id))


def _remove_row(store: Store, run_id: int) -> bool:
    """Delete a run's row and rename its folder; whether the run was in the trash.

    Raises OSError if the folder cannot be renamed, StoreError if the row cannot be deleted; the
    run is then still in the trash.
    """
    folder, aside, moved = store.run_folder(run_id), store.set_aside(run_id), False
    try:
        with store.database.writing() as db:
            require_own(db, store.actor, "runs", [run_id])
            n_deleted = db.execute(
                "DELETE FROM runs WHERE id = ? AND deleted IS NOT NULL", (run_id,)
            ).rowcount
            if n_deleted and folder.exists():
                folder.rename(aside)
                moved = True
    except BaseException:
        if moved:
            aside.rename(folder)
        raise
    return bool(n_deleted)


def _ownerless(store: Store) -> Iterator[Path]:
    """The folders to remove: set aside and without a row, or of an import that was killed."""
    if any(_set_aside(store)) or any(_marked(store)):
        with store.database.writing() as db:
            _put_back(store, db)
            _set_aside_killed_imports(store, db)
            # Listed while no other process is deleting or importing a run.
            aside = list(_set_aside(store))
        yield from aside
    oldest = store.now() - IMPORT_SECONDS
    for path in store.folder.glob(".import-*"):
        with contextlib.suppress(FileNotFoundError):  # it may end just now
            if path.stat().st_mtime < oldest:
                yield path


def _set_aside_killed_imports(store: Store, db: sqlite3.Connection) -> None:
    """Rename the marked folders whose row was never committed, so that they are removed.

    `db` is a writing transaction, so no other process is importing now.
    """
    for folder in list(_marked(store)):
        run_id = int(folder.name)
        row = db.execute("SELECT 1 FROM runs WHERE id = ?", (run_id,)).fetchone()
        if not row and not store.set_aside(run_id).exists():
            with contextlib.suppress(OSError):  # the next call tries again
                folder.rename(store.set_aside(run_id))


def _marked(store: Store) -> Iterator[Path]:
    """The folders of imports that have not ended, or have not removed their mark."""
    for mark in store.folder.glob(f"*/{IMPORT_MARK}"):
        if mark.parent.name.isdecimal():
            yield mark.parent


def _set_aside(store: Store) -> Iterator[Path]:
    for path in sorted(store.folder.glob(".deleted-*")):
        if path.name.rpartition("-")[2].isdecimal():
            yield path
