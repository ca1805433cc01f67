"""A run's states and its values, as the store gives them."""

from dataclasses import dataclass
from enum import StrEnum

from mnistlab.arch.spec import Spec
from mnistlab.training.epoch import Epoch, Progress
from mnistlab.training.recipe import Recipe
from mnistlab.training.score import Score


class State(StrEnum):
    """queued → running → done, stopped (asked to), failed (an error) or interrupted (killed)."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"

    @property
    def active(self) -> bool:
        return self in (State.QUEUED, State.RUNNING)


@dataclass(frozen=True)
class Run:
    """One training: what was asked for, where it stands, what it gave.

    Times are seconds since 1970. `message` says what a running run is doing, or why it ended.
    """

    id: int
    name: str
    spec: Spec
    recipe: Recipe
    state: State
    created: float
    started: float | None
    ended: float | None
    message: str
    progress: Progress | None
    epochs: tuple[Epoch, ...]
    test: Score | None
    stop_requested: bool
