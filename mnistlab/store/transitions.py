"""The state machine of a run, as two tables: one for requests, one for released runs.

Nothing here reads or writes the store, which looks a transition up and carries it out.

A run's state changes in four ways: a worker claims the first queued run (queued → running); a
request comes (`requested`); a worker releases a run, or is found dead (`released`); an unfinished
run is resumed (`resumed`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from mnistlab.store.run import Request, State


class Position(StrEnum):
    """Where in the queue a run is put."""

    NOWHERE = "nowhere"
    NEXT = "next"
    """First."""
    RETURNED = "returned"
    """After the runs that were put first, before the others, because it has trained already."""
    LAST = "last"


@dataclass(frozen=True)
class Transition:
    """A run's next state, the request that remains, and its position in the queue."""

    state: State
    request: Request = Request.NONE
    position: Position = Position.NOWHERE


class Outcome(StrEnum):
    """The effect of a request."""

    IGNORED = "ignored"
    NOTED = "noted"
    """The worker reads it after its next step; a request weaker than the current one is ignored."""
    DEQUEUED = "dequeued"
    """The run leaves the queue and is paused."""
    STOPPED = "stopped"
    """The run has nothing to evaluate, so it ends here."""
    CONCLUDED = "concluded"
    """The next worker evaluates the test images with the best epoch and ends the run."""


_IGNORED, _NOTED = Outcome.IGNORED, Outcome.NOTED
_DEQUEUED, _STOPPED, _CONCLUDED = Outcome.DEQUEUED, Outcome.STOPPED, Outcome.CONCLUDED
_NONE, _PREEMPT, _PAUSE, _STOP = Request.NONE, Request.PREEMPT, Request.PAUSE, Request.STOP

STRENGTH: Mapping[Request, int] = MappingProxyType({_NONE: 0, _PREEMPT: 1, _PAUSE: 2, _STOP: 3})
"""A request replaces a weaker one; nothing replaces a stop."""

# A line for each state, a column for each request. Where a stop has two outcomes, the first is for
# a run without a complete epoch, the second for one that has some.
REQUESTS: Mapping[tuple[State, Request], tuple[Outcome, Outcome]] = MappingProxyType(
    {
        (state, request): outcome if isinstance(outcome, tuple) else (outcome, outcome)
        for state, outcomes in {
            # ------------------ none      preempt   pause      stop
            State.QUEUED:      (_IGNORED, _IGNORED, _DEQUEUED, (_STOPPED, _DEQUEUED)),
            State.RUNNING:     (_IGNORED, _NOTED,   _NOTED,    _NOTED),
            State.PAUSED:      (_IGNORED, _IGNORED, _IGNORED,  (_STOPPED, _CONCLUDED)),
            State.FAILED:      (_IGNORED, _IGNORED, _IGNORED,  (_STOPPED, _CONCLUDED)),
            State.INTERRUPTED: (_IGNORED, _IGNORED, _IGNORED,  (_STOPPED, _CONCLUDED)),
            State.DONE:        (_IGNORED, _IGNORED, _IGNORED,  _IGNORED),
            State.STOPPED:     (_IGNORED, _IGNORED, _IGNORED,  _IGNORED),
        }.items()
        for request, outcome in zip((_NONE, _PREEMPT, _PAUSE, _STOP), outcomes, strict=True)
    }
)  # fmt: skip

_BACK = Transition(State.QUEUED, position=Position.RETURNED)
_PAUSED, _DONE = Transition(State.PAUSED), Transition(State.DONE)
_ENDED, _FAILED = Transition(State.STOPPED), Transition(State.FAILED)
_LOST = Transition(State.INTERRUPTED)
_CONCLUDE = Transition(State.QUEUED, _STOP, Position.NEXT)

# A line for the state that the worker reports, a column for the request that came meanwhile: a stop
# that was not carried out remains, but ends a run without a complete epoch immediately.
RELEASES: Mapping[tuple[State, Request], tuple[Transition, Transition]] = MappingProxyType(
    {
        (state, request): end if isinstance(end, tuple) else (end, end)
        for state, ends in {
            # ------------------ none     preempt  pause    stop
            State.DONE:        (_DONE,   _DONE,   _DONE,   _DONE),
            State.STOPPED:     (_ENDED,  _ENDED,  _ENDED,  _ENDED),
            State.PAUSED:      (_PAUSED, _PAUSED, _PAUSED, (_ENDED, _CONCLUDE)),
            State.QUEUED:      (_BACK,   _BACK,   _PAUSED, (_ENDED, _CONCLUDE)),
            State.FAILED:      (_FAILED, _FAILED, _FAILED, Transition(State.FAILED, _STOP)),
            State.INTERRUPTED: (_LOST,   _LOST,   _LOST,   Transition(State.INTERRUPTED, _STOP)),
        }.items()
        for request, end in zip((_NONE, _PREEMPT, _PAUSE, _STOP), ends, strict=True)
    }
)  # fmt: skip


def requested(
    state: State, request: Request, current: Request, epochs_done: int
) -> Transition | None:
    """The transition by a request to a run whose request is `current`; None if it is ignored."""
    match REQUESTS[state, request][epochs_done > 0]:
        case Outcome.NOTED if STRENGTH[request] > STRENGTH[current]:
            return Transition(state, request)
        case Outcome.DEQUEUED if current is not Request.STOP:
            return Transition(State.PAUSED)
        case Outcome.STOPPED:
            return Transition(State.STOPPED)
        case Outcome.CONCLUDED:
            return _CONCLUDE
    return None


def released(reported: State, current: Request, epochs_done: int) -> Transition:
    """The transition of a run that its worker releases; INTERRUPTED stands for a dead worker."""
    return RELEASES[reported, current][epochs_done > 0]


def resumed(state: State, current: Request) -> Transition | None:
    """The transition of a resumed run, which keeps a stop request; None if it is not resumable."""
    return Transition(State.QUEUED, current, Position.LAST) if state.resumable else None


def left_queue(state: State, epochs_done: int) -> str:
    """The message of a run that ended outside a worker."""
    when = f"after epoch {epochs_done}" if epochs_done else "before its first epoch"
    return f"{'Stopped' if state is State.STOPPED else 'Removed from the queue'} {when}."


def lost_worker(epochs_done: int) -> str:
    """The message of a run whose worker was found dead."""
    effect = f"continues after epoch {epochs_done}" if epochs_done else "starts again"
    return f"The worker died (killed or shut down). Resume {effect}."
