"""Export and import of a whole run as one zip file.

`run.json` holds the run's row in the store; the other members are the run's safetensors files as
they are, except those of single epochs, which are not exported. Nor is a teacher: the record names
it, and a run that has not ended goes on where it is found, as a pretrained checkpoint or that of a
run that was imported, too. Archives come from strangers, so
everything is checked before anything is written, and no name in an archive becomes a path.
"""

import contextlib
import io
import json
import shutil
import stat
import uuid
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

from mnistlab import legacy
from mnistlab.atomic import write_atomic
from mnistlab.errors import LabError
from mnistlab.store.database.errors import StoreError
from mnistlab.store.exchange.archive_content import (
    BEST,
    ENDED,
    FIELDS,
    FORMAT,
    LAST,
    MAX_BYTES_OF,
    PREDICTIONS,
    RUN,
    TEXTS,
    UNCERTAINTY,
    ArchivedRun,
    check_files,
    parse_record,
    parse_untrusted,
)
from mnistlab.store.folders import IMPORT_MARK
from mnistlab.store.lookup import created_at
from mnistlab.store.run import Run, State
from mnistlab.store.store import Store
from mnistlab.uploads import RUN_ARCHIVE, megabytes

MAX_ENTRIES_BYTES = 8192
"""Of the zip file's central directory; six files take a few hundred, packed by a Mac 2,000."""


class ArchiveError(LabError):
    """A file that cannot be imported as a run, or a run that cannot be exported."""


class DuplicateRunError(ArchiveError):
    """The archive's run is in the store already."""


def export_run(store: Store, run_id: int) -> bytes:
    """A run as a zip file, always the same bytes; one that has not ended is marked interrupted.

    Raises StoreError if there is no such run, ArchiveError if a file of it is damaged: everything
    that is exported can be imported.
    """
    folder = store.run_folder(run_id)
    try:
        # Before the store's row: if the run trains on meanwhile, no file is ahead of the row.
        files = {
            name: path.read_bytes() for name in MAX_BYTES_OF if (path := folder / name).exists()
        }
        run = store.run(run_id)
        if run is None:
            raise StoreError(f"Run {run_id} not found. Choose one from the Runs page.")
        if run.state not in ENDED:
            # These belong to the end of a run, which is still to come.
            files.pop(PREDICTIONS, None)
            files.pop(UNCERTAINTY, None)
        files[RUN] = _run_json(run, files)
        check_files(files)
    except StoreError:
        raise
    except (OSError, LabError, ValueError) as error:
        raise ArchiveError(
            f"Export of run {run_id} failed: {error}. If the run is training, try again; if a "
            f"file is damaged, move it out of {folder}."
        ) from None
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)  # dated 1980, so that the same run gives the same bytes
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _run_json(run: Run, files: Mapping[str, bytes]) -> bytes:
    epochs = run.epochs
    for name in {BEST, LAST} & set(files):
        # A process that was killed may have saved an epoch that is not yet in the store.
        saved = parse_untrusted(name, files[name], parse_record).epochs
        epochs = saved if saved[: len(epochs)] == epochs else epochs
    values = asdict(replace(run, epochs=epochs))
    values |= {"format": FORMAT, "spec": str(run.spec), "tags": " ".join(run.tags)}
    if run.state.active:
        values |= {"state": State.INTERRUPTED, "ended": run.heartbeat or run.created}
        values["message"] = f"Exported while {run.state}. Resume it to continue."
    values |= {name: values[name][:length] for name, length in TEXTS.items()}
    return json.dumps({name: values[name] for name in sorted(FIELDS)}, indent=1).encode()


def import_run(store: Store, content: bytes) -> int:
    """Add the run that `export_run` wrote, with its files, as a new one; its id.

    Raises ArchiveError if anything in the content is wrong or the files cannot be written,
    DuplicateRunError if the run is here already, and StoreError if the store cannot be written;
    nothing is changed then.
    """
    try:
        files = parse_untrusted("the file", content, _read_zip)
        archived = check_files(files)
    except (LabError, ValueError) as error:
        raise ArchiveError(
            f"Import failed: {error}. Choose an archive exported by mnistlab."
        ) from None
    _check_is_new(store, archived)
    # Next to the run folders, so that a single rename brings all files there.
    folder = store.folder / f".import-{uuid.uuid4().hex}"
    try:
        names = files.keys() - {RUN}
        for name in names:
            write_atomic(folder / name, files[name])
        if names:
            write_atomic(folder / IMPORT_MARK, b"")
        run_id = store.add_ended(archived.row, archived.epochs, folder)
    except OSError as error:
        raise ArchiveError(
            f"Import failed: {store.folder} cannot be written ({error}). Free some space or check "
            "its permissions, then import again."
        ) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    # The row is there, so a mark that stays does no harm.
    with contextlib.suppress(OSError):
        (store.run_folder(run_id) / IMPORT_MARK).unlink(missing_ok=True)
    return run_id


def _check_is_new(store: Store, archived: ArchivedRun) -> None:
    """Raise DuplicateRunError if the store has this run, with all of its epochs.

    Two runs are the same if they were created at the same instant with the same network and
    recipe. Name, owner, tags and notes may have been edited since.
    """
    for run in created_at(store, float(str(archived.row["created"]))):
        has_all = run.epochs[: len(archived.epochs)] == archived.epochs
        has_ended = run.state in ENDED or archived.row["state"] not in ENDED
        if (run.spec, run.recipe) == (archived.spec, archived.recipe) and has_all and has_ended:
            hint = " Restore it from the trash on the Runs page." if run.deleted else ""
            raise DuplicateRunError(f"Already imported as run {run.id}.{hint}")


def _read_zip(content: bytes) -> dict[str, bytes]:
    """The archive's files by today's names, none of them larger than allowed."""
    end = content[-22:]
    if len(content) > RUN_ARCHIVE or not end.startswith(b"PK\5\6"):
        raise ValueError(f"it is not a whole zip file, or larger than {megabytes(RUN_ARCHIVE)} MB")
    # zipfile reads the central directory at once, and that could have millions of entries.
    if content[-42:-38] == b"PK\6\7" or int.from_bytes(end[12:16], "little") > MAX_ENTRIES_BYTES:
        raise ValueError("it has too many files")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = _run_entries(archive.infolist())
        files = {name: _read_entry(archive, entry, name) for name, entry in entries.items()}
    return legacy.rename(files, legacy.RUN_FILES)


def _run_entries(entries: Sequence[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """The entries of a run's files, by their names without the folder that they may be in.

    A computer that has unpacked an archive and packs it again puts the files into a folder. A Mac
    also adds files of its own: `.DS_Store`, and `__MACOSX` with the attributes of each file.
    """
    entries = [entry for entry in entries if not _is_from_a_mac(entry.orig_filename)]
    paths = [entry.orig_filename for entry in entries]
    folder = next((path.removesuffix(RUN) for path in paths if path.endswith(f"/{RUN}")), "")
    by_name: dict[str, zipfile.ZipInfo] = {}
    for path, entry in zip(paths, entries, strict=True):
        if path.endswith("/") and folder.startswith(path):
            continue  # the folder itself, or one around it
        name = path.removeprefix(folder)
        if name in by_name:
            raise ValueError("it has two files of one name")
        by_name[name] = entry
    return by_name


def _is_from_a_mac(path: str) -> bool:
    return path.startswith("__MACOSX/") or path.rpartition("/")[2] == ".DS_Store"


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> bytes:
    size_limit = MAX_BYTES_OF.get(legacy.RUN_FILES.get(name, name))
    if size_limit is None:
        raise ValueError(f"it has a file {name[:80]!r}; a run has only {', '.join(MAX_BYTES_OF)}")
    if entry.flag_bits & 1 or stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
        raise ValueError(f"{name} is encrypted, or not a regular file")
    # With these two methods alone, zipfile decompresses no more than is requested.
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"{name} is not compressed with Deflate")
    with archive.open(entry) as file:
        content = file.read(size_limit + 1)
    if len(content) > size_limit or len(content) != entry.file_size:
        raise ValueError(f"{name} is larger than {size_limit >> 20} MB, or not of the stated size")
    return content
