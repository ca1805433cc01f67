"""When a run will begin and when it will end, as far as what was measured allows."""

from collections.abc import Sequence

from mnistlab.arch.summary import summarize
from mnistlab.store.run import RunSummary


def work(run: RunSummary) -> float:
    """Multiply–accumulates of one epoch's training digits; what epochs are compared by."""
    return float(summarize(run.spec).macs) * run.recipe.images_per_epoch


def expected_seconds(run: RunSummary, measured: Sequence[RunSummary]) -> float | None:
    """What is left of a run: by its own epochs, or else by runs of the same network, or of any."""
    if run.seconds_left is not None:
        return run.seconds_left
    alike = [each for each in measured if each.spec == run.spec] or measured
    seconds = sum(each.seconds for each in alike)
    if not seconds:
        return None
    speed = sum(work(each) * each.epochs_done for each in alike) / seconds
    return work(run) * run.recipe.epochs / speed


def waiting_seconds(
    running: Sequence[RunSummary],
    queue: Sequence[RunSummary],
    workers: int,
    measured: Sequence[RunSummary],
) -> list[float | None]:
    """For each queued run, the seconds until a worker takes it; None where that cannot be said.

    Every worker takes the first queued run as soon as it is free.
    """
    free: list[float | None] = [expected_seconds(run, measured) for run in running]
    free += [0.0] * max(0, workers - len(running))
    waits: list[float | None] = []
    for run in queue:
        first = min(range(len(free)), key=lambda n: (free[n] is None, free[n] or 0.0))
        waits.append(free[first])
        takes, start = expected_seconds(run, measured), free[first]
        free[first] = None if start is None or takes is None else start + takes
    return waits
