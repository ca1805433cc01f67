"""A run as a value, its states and its requests."""

from dataclasses import dataclass
from enum import StrEnum

from mnistlab.arch.spec import Spec
from mnistlab.recipe.recipe import Recipe
from mnistlab.stats.score import Score
from mnistlab.training.epoch import Epoch, Progress


class State(StrEnum):
    """queued → running → done, stopped (by request), paused (by request), failed (an error) or
    interrupted (its process died). The last three can be resumed: they are queued again.
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
    """A request to a running run; its worker checks requests after every step."""

    NONE = ""
    STOP = "stop"
    """End now: the best epoch so far is the result."""
    PAUSE = "pause"
    """Stop training until the run is resumed."""
    PREEMPT = "preempt"
    """Return to the queue, because another run goes first."""


HEARTBEAT_TIMEOUT = 60.0
"""Seconds without a heartbeat after which a page warns. The longest time between two heartbeats is
target 1's validation: about 20 seconds on one busy core."""


@dataclass(frozen=True)
class RunSummary:
    """A run without its epochs: its settings, its state and its results.

    Times are seconds since 1970, `seconds` is the sum over all epochs. `message` is the current
    step of a running run, or why it ended; `heartbeat` is the time of its process's last report.
    `parameters` is the total that counts against the budget.
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
        """Seconds since a running run's last heartbeat, if at least HEARTBEAT_TIMEOUT."""
        if self.state is not State.RUNNING or self.heartbeat is None:
            return None
        seconds = now - self.heartbeat
        return seconds if seconds >= HEARTBEAT_TIMEOUT else None

    @property
    def seconds_left(self) -> float | None:
        """Estimated seconds for the remaining epochs; None before the first one has ended."""
        if not self.epochs_done:
            return None
        current = 0.0
        if self.progress and self.progress.epoch > self.epochs_done:
            current = self.progress.epoch_fraction
        n_left = self.recipe.epochs - self.epochs_done - current
        return max(0.0, n_left) * self.seconds / self.epochs_done


@dataclass(frozen=True)
class Run(RunSummary):
    """A run with all its epochs."""

    epochs: tuple[Epoch, ...]
