"""Where data, runs and the speed model are stored."""

import os
from dataclasses import dataclass
from pathlib import Path

from mnistlab.errors import LabError


@dataclass(frozen=True)
class Home:
    """The folders below `root`; nothing is made until something is written."""

    root: Path

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def teachers(self) -> Path:
        """Copies of the checkpoints that runs learn from, so that these outlive their own runs."""
        return self.root / "teachers"

    @property
    def speed_model(self) -> Path:
        return self.root / "speed-model.json"


def default_home() -> Home:
    """The data folder: `$MNISTLAB_HOME`, or `~/.mnistlab`.

    Raises LabError if neither is known, as in a container whose user has no home.
    """
    folder = Path(os.environ.get("MNISTLAB_HOME") or "~/.mnistlab")
    try:
        return Home(folder.expanduser().resolve())
    except RuntimeError:
        raise LabError(
            f"{folder}: this user has no home folder. Set MNISTLAB_HOME to a folder for data and "
            "runs."
        ) from None
