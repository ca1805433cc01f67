"""Estimates of when a run will start and end, from runs that were trained before."""

from collections.abc import Sequence

from mnistlab.arch.summary import summarize
from mnistlab.store.run import RunSummary


def work(run: RunSummary) -> float:
    """MACs of one epoch's forward passes; seconds are assumed to be proportional to it."""
    return float(summarize(run.spec).macs) * run.recipe.images_per_epoch


def expected_seconds(run: RunSummary, recent: Sequence[RunSummary]) -> float | None:
    """Seconds until a run ends: by its own epochs, else by runs of its network, else by any run."""
    if run.seconds_left is not None:
        return run.seconds_left
    similar = [each for each in recent if each.spec == run.spec] or recent
    seconds = sum(each.seconds for each in similar)
    if not seconds:
        return None
    speed = sum(work(each) * each.epochs_done for each in similar) / seconds
    return work(run) * run.recipe.epochs / speed


def waiting_seconds(
    running: Sequence[RunSummary],
    queue: Sequence[RunSummary],
    workers: int,
    recent: Sequence[RunSummary],
) -> list[float | None]:
    """For each queued run, the seconds until a worker claims it; None if unknown.

    Every worker claims the first queued run as soon as it is free.
    """
    free_in: list[float | None] = [expected_seconds(run, recent) for run in running]
    free_in += [0.0] * max(0, workers - len(running))
    waits: list[float | None] = []
    for run in queue:
        first = min(range(len(free_in)), key=lambda n: (free_in[n] is None, free_in[n] or 0.0))
        waits.append(free_in[first])
        seconds, start = expected_seconds(run, recent), free_in[first]
        free_in[first] = None if start is None or seconds is None else start + seconds
    return waits
