"""A run's states and its values, as the store gives them."""

from dataclasses import dataclass
from enum import StrEnum

from mnistlab.arch.spec import Spec
from mnistlab.stats.score import Score
from mnistlab.training.epoch import Epoch, Progress
from mnistlab.training.recipe import Recipe


class State(StrEnum):
    """queued → running → done, stopped (asked to end), paused (asked to wait), failed (an error) or
    interrupted (its process is gone). The last three can be resumed: they are queued again.
    """

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"

    @property
    def active(self) -> bool:
        return self in (State.QUEUED, State.RUNNING)

    @property
    def resumable(self) -> bool:
        return self in (State.PAUSED, State.FAILED, State.INTERRUPTED)


class Request(StrEnum):
    """What a running run was asked to do; it hears of it after its next step."""

    NONE = ""
    STOP = "stop"
    """End here: the best epoch so far is the result."""
    PAUSE = "pause"
    """Wait until somebody resumes it."""
    PREEMPT = "preempt"
    """Step back into the queue, for another run that shall go first."""


HEARTBEAT_TIMEOUT = 60.0
"""A running run that was not heard of for so long is worth a word; the longest validation, target
1's on one busy core, takes about 20 seconds."""


@dataclass(frozen=True)
class RunSummary:
    """One training without its epochs: what was asked for, where it stands, what it gave.

    Times are seconds since 1970, `seconds` those of all its epochs together. `message` says what a
    running run is doing, or why it ended; `heartbeat` is when its process was last heard of.
    `parameters` are the total that is held against the budget.
    """

    id: int
    name: str
    owner: str
    tags: tuple[str, ...]
    notes: str
    spec: Spec
    recipe: Recipe
    parameters: int
    state: State
    request: Request
    created: float
    started: float | None
    ended: float | None
    deleted: float | None
    heartbeat: float | None
    message: str
    progress: Progress | None
    epochs_done: int
    seconds: float
    best_epoch: int | None
    best: Score | None
    last: Score | None
    test: Score | None

    def seconds_silent(self, now: float) -> float | None:
        """For how many seconds a running run was not heard of, if that is worth a word."""
        if self.state is not State.RUNNING or self.heartbeat is None:
            return None
        quiet = now - self.heartbeat
        return quiet if quiet >= HEARTBEAT_TIMEOUT else None

    @property
    def seconds_left(self) -> float | None:
        """A forecast of the epochs that are still planned; None before the first one has ended."""
        if not self.epochs_done:
            return None
        within = 0.0
        if self.progress and self.progress.epoch > self.epochs_done:
            within = self.progress.done / self.progress.total
        left = self.recipe.epochs - self.epochs_done - within
        return max(0.0, left) * self.seconds / self.epochs_done


@dataclass(frozen=True)
class Run(RunSummary):
    """One training with all its epochs."""

    epochs: tuple[Epoch, ...]
