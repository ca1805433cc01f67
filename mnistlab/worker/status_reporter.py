"""A worker's status reports to the store while it trains, a few a second; they return requests.

A report that cannot be written is skipped, because training matters more and the next report
replaces it. What must last (epochs, checkpoints, the end of a run) is not written here.
"""

import sys
import time
from collections.abc import Callable

from mnistlab.store.database.errors import StoreError
from mnistlab.store.folders import TrainingOutput
from mnistlab.store.run import Request
from mnistlab.training.epoch import Progress

REPORT_SECONDS = 0.25


class StatusReporter:
    """Reports a run's progress; `requested` is the request that the last report returned."""

    def __init__(
        self, store: TrainingOutput, run_id: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store, self._run_id, self._clock = store, run_id, clock
        self._reported_at = -REPORT_SECONDS
        self._failed = False
        self.requested = Request.NONE

    def report(self, message: str, progress: Progress | None = None) -> None:
        """Report at once."""
        try:
            self.requested = self._store.report(self._run_id, message, progress)
        except StoreError as error:
            if not self._failed:  # only once, to keep the log short
                print(f"run {self._run_id}: skipped a status report: {error}", file=sys.stderr)
            self._failed = True

    def report_throttled(self, message: str, progress: Progress | None = None) -> None:
        """Report unless the last report of this kind is less than REPORT_SECONDS old.

        One that was made at once does not count: the first step follows on it and is to be seen.
        """
        if self._clock() - self._reported_at >= REPORT_SECONDS:
            self.report(message, progress)
            self._reported_at = self._clock()

    def progress(self, progress: Progress) -> None:
        self.report_throttled(progress.phase, progress)
