"""Files that are there whole or not at all."""

import os
import threading
from pathlib import Path


def write_atomic(path: Path, content: bytes) -> None:
    """Write under a temporary name, force it to the disk, rename: at any moment, a power cut's too,
    the old or the new file is there.
    """
    new_folder = not path.parent.exists()
    path.parent.mkdir(parents=True, exist_ok=True)
    # Two users of one server may write the same file at the same time.
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        # A new name is on the disk only once the folder that holds it is.
        _force_folder(path.parent)
        if new_folder:
            _force_folder(path.parent.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _force_folder(folder: Path) -> None:
    if hasattr(os, "O_DIRECTORY"):  # elsewhere a folder cannot be opened
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
