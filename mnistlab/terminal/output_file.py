"""A file that a command writes: complete or not at all, and never in place of another one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mnistlab.atomic import write_atomic
from mnistlab.errors import LabError


def check_new(path: Path) -> None:
    """Raise LabError if the path exists already, or if that cannot be determined."""
    with _errors_as_sentences(path):
        if path.exists():
            raise LabError(f"{path} exists already. Choose another name.")


def write_new(path: Path, content: bytes) -> None:
    """Write a new file. Raises LabError if it exists already or if the disk refuses it."""
    check_new(path)
    with _errors_as_sentences(path):
        write_atomic(path, content)


@contextmanager
def _errors_as_sentences(path: Path) -> Iterator[None]:
    """Raise an OSError inside as a LabError that says where and what to do."""
    try:
        yield
    except OSError as error:
        raise LabError(
            f"{path} cannot be written ({error.strerror or error}). Choose another folder, or "
            "check its permissions and its free space."
        ) from None
