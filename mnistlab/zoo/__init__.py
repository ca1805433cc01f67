"""Trained checkpoints that ship with the lab, each with its record inside."""

from pathlib import Path

FOLDER = Path(__file__).parent
DEFAULT = "sketch"
"""The one that reads a drawing where nothing else was chosen, seed 0 of
`python -m mnistlab train most-accurate --split article --augmentation handwriting`.
"""
SEED_ERRORS = {
    "most-accurate": (40, 45, 42, 43, 41),
    "smallest": (53, 55, 50, 57, 64),
}
"""Errors on the 10,000 test images of the lab's own networks, for each seed from 0 on, by
`python -m mnistlab study NAME --split all --seeds 5`; what is shipped is seed 0's.
"""


def checkpoints() -> list[Path]:
    """The shipped checkpoints, by name; the preset's name is the file's."""
    return sorted(FOLDER.glob("*.safetensors"))


def default_checkpoint() -> Path:
    """The checkpoint that reads a drawing where nothing else was chosen."""
    return FOLDER / f"{DEFAULT}.safetensors"


def shipped(name: str) -> Path | None:
    """A preset's shipped checkpoint, None if there is none yet."""
    path = FOLDER / f"{name}.safetensors"
    return path if path.is_file() else None


def record(name: str) -> Path | None:
    """The record of a target's run in the article's way, None where none was made yet.

    A record alone, as JSON: target 1's weights are too large to ship. `python -m mnistlab export
    RUN --record` writes one.
    """
    path = FOLDER / "targets" / f"{name}.json"
    return path if path.is_file() else None
