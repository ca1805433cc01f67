"""Copies of MNIST's files that a user has put into the data folder, whatever their names are.

Browsers, archives and other libraries name them `train-images-idx3-ubyte.gz`,
`train-images.idx3-ubyte` or `MNIST/raw/train-images-idx3-ubyte`. Their SHA-256 identifies them.
"""

import gzip
import hashlib
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path

from mnistlab.data.dataset import DataFile

GZIP = b"\x1f\x8b"
FOLDERS = (".", "MNIST/raw")
"""Where copies are searched; torchvision uses the second."""


def find_copies(folder: Path, files: Collection[DataFile]) -> dict[str, bytes]:
    """The decompressed content of those of the files that have a copy in the folder, by name."""
    result: dict[str, bytes] = {}
    by_sum = {file.sha256: file for file in files}
    for path in _paths(folder) if files else ():
        content = _decompressed(path, {file.size for file in files})
        file = by_sum.get(hashlib.sha256(content).hexdigest()) if content else None
        if file and content:
            result[file.name] = content
        if len(result) == len(files):
            break
    return result


def _paths(folder: Path) -> Iterator[Path]:
    for name in FOLDERS:
        if (folder / name).is_dir():
            yield from sorted(path for path in (folder / name).iterdir() if path.is_file())


def _decompressed(path: Path, sizes: Collection[int]) -> bytes | None:
    """The content of a file, gzipped or not, that has one of these sizes; None for another file."""
    try:
        if path.stat().st_size > max(sizes):
            return None
        with path.open("rb") as file:
            start = file.read(len(GZIP))
            if start == GZIP:
                file.seek(0)
                # One byte more than needed: a file that is too large is not decompressed whole.
                content = gzip.GzipFile(fileobj=file).read(max(sizes) + 1)
            else:
                content = start + file.read()
    except (OSError, EOFError, zlib.error):
        return None
    return content if len(content) in sizes else None
