"""Pretrained checkpoints, each with its training record inside."""

from pathlib import Path

FOLDER = Path(__file__).parent
DEFAULT = "sketch"
"""The default checkpoint for drawings: seed 0 of
`python -m mnistlab train most-accurate --split article --augmentation handwriting`.
"""
SEED_ERRORS = {
    "most-accurate": (40, 45, 42, 43, 41),
    "smallest": (53, 55, 50, 57, 64),
}
"""Errors on the 10,000 test images of our own networks for each seed from 0 on, by
`python -m mnistlab study NAME --split all --seeds 5`; seed 0's checkpoint is bundled.
"""


def checkpoints() -> list[Path]:
    """The pretrained checkpoints, sorted; a file has its preset's name."""
    return sorted(FOLDER.glob("*.safetensors"))


def default_checkpoint() -> Path:
    return FOLDER / f"{DEFAULT}.safetensors"


def checkpoint(name: str) -> Path | None:
    """A preset's pretrained checkpoint, None if there is none."""
    path = FOLDER / f"{name}.safetensors"
    return path if path.is_file() else None


def records(name: str) -> list[Path]:
    """The records of a target's runs under the article protocol, a file a seed, from seed 0 on.

    JSON without weights, because target 1's are too large to bundle. `python -m mnistlab export
    RUN --record` writes one.
    """
    return sorted((FOLDER / "targets").glob(f"{name}-seed-*.json"))
