"""The state machine of a run: what each request and each end of a training does, as two tables.

Nothing here reads or writes; the store asks these tables and carries out what they say.

A run's state changes in four ways: a worker claims the first queued run (queued → running); a
person requests something (`requested`); a worker lets go of a run, or is found dead (`released`); a
person resumes what was not finished (`resumed`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from mnistlab.store.run import Request, State


class Position(StrEnum):
    """Where in the queue a run comes to stand."""

    NOWHERE = "nowhere"
    NEXT = "next"
    """Before all others."""
    RETURNED = "returned"
    """Behind those that were put first, before the others: it trained already."""
    LAST = "last"


@dataclass(frozen=True)
class Transition:
    """The state that a run comes to, the request that it keeps, and its position in the queue."""

    state: State
    request: Request = Request.NONE
    position: Position = Position.NOWHERE


class Outcome(StrEnum):
    """What a request does."""

    IGNORED = "ignored"
    NOTED = "noted"
    """The worker is told after its next step; a weaker request than the one noted is ignored."""
    DEQUEUED = "dequeued"
    """The run leaves the queue and is paused."""
    STOPPED = "stopped"
    """The run has nothing to evaluate, so it ends here."""
    CONCLUDED = "concluded"
    """The next worker evaluates the test images with the best epoch and ends the run."""


_IGNORED, _NOTED = Outcome.IGNORED, Outcome.NOTED
_DEQUEUED, _STOPPED, _CONCLUDED = Outcome.DEQUEUED, Outcome.STOPPED, Outcome.CONCLUDED
_NONE, _YIELD, _PAUSE, _STOP = Request.NONE, Request.PREEMPT, Request.PAUSE, Request.STOP

STRENGTH: Mapping[Request, int] = MappingProxyType({_NONE: 0, _YIELD: 1, _PAUSE: 2, _STOP: 3})
"""A request replaces a weaker one; a noted stop is not taken back."""

# One line a state, one column a request. Where a stop has two outcomes, the first is that of a run
# without a whole epoch, the second that of one that has some.
REQUESTS: Mapping[tuple[State, Request], tuple[Outcome, Outcome]] = MappingProxyType(
    {
        (state, request): outcome if isinstance(outcome, tuple) else (outcome, outcome)
        for state, outcomes in {
            # ------------------ none      yield     pause      stop
            State.QUEUED:      (_IGNORED, _IGNORED, _DEQUEUED, (_STOPPED, _DEQUEUED)),
            State.RUNNING:     (_IGNORED, _NOTED,   _NOTED,    _NOTED),
            State.PAUSED:      (_IGNORED, _IGNORED, _IGNORED,  (_STOPPED, _CONCLUDED)),
            State.FAILED:      (_IGNORED, _IGNORED, _IGNORED,  (_STOPPED, _CONCLUDED)),
            State.INTERRUPTED: (_IGNORED, _IGNORED, _IGNORED,  (_STOPPED, _CONCLUDED)),
            State.DONE:        (_IGNORED, _IGNORED, _IGNORED,  _IGNORED),
            State.STOPPED:     (_IGNORED, _IGNORED, _IGNORED,  _IGNORED),
        }.items()
        for request, outcome in zip((_NONE, _YIELD, _PAUSE, _STOP), outcomes, strict=True)
    }
)  # fmt: skip

_BACK = Transition(State.QUEUED, position=Position.RETURNED)
_PAUSED, _DONE = Transition(State.PAUSED), Transition(State.DONE)
_ENDED, _FAILED = Transition(State.STOPPED), Transition(State.FAILED)
_LOST = Transition(State.INTERRUPTED)
_CONCLUDE = Transition(State.QUEUED, _STOP, Position.NEXT)

# One line for what the worker reports, one column for what was requested meanwhile: a stop that was
# not carried out is kept, and of a run without a whole epoch it is carried out on the spot.
RELEASES: Mapping[tuple[State, Request], tuple[Transition, Transition]] = MappingProxyType(
    {
        (state, request): end if isinstance(end, tuple) else (end, end)
        for state, ends in {
            # ------------------ none     yield    pause    stop
            State.DONE:        (_DONE,   _DONE,   _DONE,   _DONE),
            State.STOPPED:     (_ENDED,  _ENDED,  _ENDED,  _ENDED),
            State.PAUSED:      (_PAUSED, _PAUSED, _PAUSED, (_ENDED, _CONCLUDE)),
            State.QUEUED:      (_BACK,   _BACK,   _PAUSED, (_ENDED, _CONCLUDE)),
            State.FAILED:      (_FAILED, _FAILED, _FAILED, Transition(State.FAILED, _STOP)),
            State.INTERRUPTED: (_LOST,   _LOST,   _LOST,   Transition(State.INTERRUPTED, _STOP)),
        }.items()
        for request, end in zip((_NONE, _YIELD, _PAUSE, _STOP), ends, strict=True)
    }
)  # fmt: skip


def requested(
    state: State, request: Request, noted: Request, epochs_done: int
) -> Transition | None:
    """What a request does to a run that has `noted` to carry out; None if nothing."""
    match REQUESTS[state, request][epochs_done > 0]:
        case Outcome.NOTED if STRENGTH[request] > STRENGTH[noted]:
            return Transition(state, request)
        case Outcome.DEQUEUED if noted is not Request.STOP:
            return Transition(State.PAUSED)
        case Outcome.STOPPED:
            return Transition(State.STOPPED)
        case Outcome.CONCLUDED:
            return _CONCLUDE
    return None


def released(reported: State, noted: Request, epochs_done: int) -> Transition:
    """Where a running run goes that its worker lets go of; INTERRUPTED is what a dead one does."""
    return RELEASES[reported, noted][epochs_done > 0]


def resumed(state: State, noted: Request) -> Transition | None:
    """Where a run goes that is resumed; a kept stop is then carried out. None if it cannot be."""
    return Transition(State.QUEUED, noted, Position.LAST) if state.resumable else None


def left_queue(state: State, epochs_done: int) -> str:
    """The message of a run that ended outside a worker."""
    when = f"after epoch {epochs_done}" if epochs_done else "before its first epoch"
    return f"{'Stopped' if state is State.STOPPED else 'Removed from the queue'} {when}."


def lost_worker(epochs_done: int) -> str:
    """The message of a run whose worker was found dead."""
    goes_on = f"continues after epoch {epochs_done}" if epochs_done else "starts again"
    return f"The worker died (killed, or the machine shut down). Resume {goes_on}."
