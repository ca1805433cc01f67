"""Trained checkpoints that ship with the lab, each with its record inside."""

from pathlib import Path

FOLDER = Path(__file__).parent


def checkpoints() -> list[Path]:
    """The shipped checkpoints, by name; the preset's name is the file's."""
    return sorted(FOLDER.glob("*.safetensors"))


def shipped(name: str) -> Path | None:
    """A preset's shipped checkpoint, None if there is none yet."""
    path = FOLDER / f"{name}.safetensors"
    return path if path.is_file() else None
