"""A lab: where data, runs and the speed model are stored, and who acts on it."""

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from mnistlab.actor import OPERATOR, Actor
from mnistlab.errors import LabError

CLASS_NAME = re.compile(r"[^\W_][\w-]{0,39}")
"""A class's folder, whatever its title is."""


@dataclass(frozen=True)
class Home:
    """The folders below `root`; nothing is made until something is written.

    A class has runs and sources of its own, and the images and the speed model of its lab.
    """

    root: Path
    class_name: str = ""
    actor: Actor = OPERATOR

    @property
    def is_class(self) -> bool:
        return bool(self.class_name)

    @property
    def folder(self) -> Path:
        """What belongs to the lab alone, or to the class."""
        return self.classes / self.class_name if self.class_name else self.root

    @property
    def classes(self) -> Path:
        return self.root / "classes"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def runs(self) -> Path:
        return self.folder / "runs"

    @property
    def sources(self) -> Path:
        """Copies of the checkpoints that runs build on; they outlive the runs that trained them."""
        return self.folder / "teachers"

    @property
    def speed_model(self) -> Path:
        return self.root / "speed-model.json"

    def of_class(self, name: str) -> "Home":
        """The lab of a class. Raises LabError if the name cannot be a folder's."""
        if not CLASS_NAME.fullmatch(name):
            raise LabError(f"{name[:40]!r} is no class. Name it with letters, digits and -.")
        return replace(self, class_name=name)

    def environment(self) -> dict[str, str]:
        """What tells another process to use this lab."""
        return {"MNISTLAB_HOME": str(self.root), "MNISTLAB_CLASS": self.class_name}


def default_home() -> Home:
    """The data folder, `$MNISTLAB_HOME` or `~/.mnistlab`, or of it the class `$MNISTLAB_CLASS`.

    Raises LabError if neither folder is known, as in a container whose user has no home, or the
    class cannot be one.
    """
    folder = Path(os.environ.get("MNISTLAB_HOME") or "~/.mnistlab")
    try:
        home = Home(folder.expanduser().resolve())
    except RuntimeError:
        raise LabError(
            f"{folder}: this user has no home folder. Set MNISTLAB_HOME to a folder for data and "
            "runs."
        ) from None
    name = os.environ.get("MNISTLAB_CLASS", "")
    return home.of_class(name) if name else home
