"""The end of a class: everything in one file, then nothing of it on this machine."""

import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

from mnistlab.errors import LabError
from mnistlab.home import CLASS_NAME, Home
from mnistlab.store.classroom import people
from mnistlab.store.exchange.export import table_csv
from mnistlab.store.store import Store
from mnistlab.store.table import newest


def classes(home: Home) -> Iterator[tuple[Home, str]]:
    """The classes of a lab in the order of their folders, each with its title."""
    folder = home.classes
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not CLASS_NAME.fullmatch(path.name):
            continue
        one = home.of_class(path.name)
        if one.runs.is_dir() and (current := people.the_class(Store(one.runs))):
            yield one, current.title


def export_class(home: Home, path: Path) -> None:
    """Write all of a class into a new zip: its folder as it is, and its runs as CSV.

    Raises LabError if one of its runs trains or waits, since that would go on meanwhile, and if
    the file exists or cannot be written.
    """
    store = Store(home.runs)
    if active := [*store.running(), *store.queue()]:
        raise LabError(
            f"Run {active[0].id} trains or waits. Stop it and end the class's server first."
        )
    part = path.with_name(f"{path.name}.part")
    try:
        with zipfile.ZipFile(part, "x", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(home.folder.rglob("*")):
                # A link would bring what is outside of the class.
                if file.is_file() and not file.is_symlink():
                    archive.write(file, Path(home.class_name) / file.relative_to(home.folder))
            archive.writestr(f"{home.class_name}/runs.csv", table_csv(newest(store, 2**31)))
        with zipfile.ZipFile(part) as archive:
            damaged = archive.testzip()
        if damaged:
            raise LabError(f"{path}: {damaged} cannot be read back. Check the disk.")
        if path.exists():
            raise LabError(f"{path} exists already. Choose another name.")
        part.rename(path)
    except FileExistsError:
        raise LabError(f"{part} exists already. Remove it, or choose another name.") from None
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def erase_class(home: Home) -> None:
    """Remove the folder of a class with all runs, people and drawings; the lab around it stays."""
    assert home.is_class
    shutil.rmtree(home.folder)
