"""A lab: where data, runs and the speed model are stored, and who acts on it."""

import os
from dataclasses import dataclass
from pathlib import Path

from mnistlab.actor import OPERATOR, Actor
from mnistlab.errors import LabError

CLASSES = "classes"


@dataclass(frozen=True)
class Home:
    """The folders below `root`; nothing is made until something is written."""

    root: Path
    actor: Actor = OPERATOR

    @property
    def data(self) -> Path:
        return self._shared / "data"

    @property
    def _shared(self) -> Path:
        """The folder of what a class has in common with the lab that it belongs to."""
        return self.root.parent.parent if self.is_class else self.root

    @property
    def is_class(self) -> bool:
        """Whether this is the lab of a class, as `of_class` names it."""
        return self.root.parent.name == CLASSES

    def of_class(self, name: str) -> "Home":
        """The lab of a class, below this one: runs, people and drawings of its own."""
        return Home(self.root / CLASSES / name)

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def teachers(self) -> Path:
        """Copies of the checkpoints that runs learn from, so that these outlive their own runs."""
        return self.root / "teachers"

    @property
    def speed_model(self) -> Path:
        return self._shared / "speed-model.json"


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
