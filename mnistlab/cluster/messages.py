"""What a node tells the dispatcher while it trains a run."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mnistlab.stats.score import Score
from mnistlab.store.run import State
from mnistlab.training.epoch import Epoch, Progress

Files = Mapping[str, bytes]
"""Contents by their path in the run's folder."""
Sources = Mapping[str, bytes]
"""The checkpoints that a run builds on, by what its recipe calls them."""


@dataclass(frozen=True)
class Status:
    """What a run is doing; also the sign that its node lives."""

    message: str
    progress: Progress | None = None


@dataclass(frozen=True)
class Trained:
    """An epoch, or, at a new start from a training state, all of its epochs; what they wrote."""

    epochs: tuple[Epoch, ...]
    replaces: bool
    files: Files = field(repr=False)


@dataclass(frozen=True)
class Ended:
    """How a training ended, the files that it wrote last, and whether it can be resumed."""

    state: State
    message: str
    test: Score | None
    files: Files = field(repr=False)
    is_resumable: bool = False


Message = Status | Trained | Ended
