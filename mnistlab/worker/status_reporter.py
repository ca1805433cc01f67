"""What a worker tells the store while it trains, and is told: a few times a second, as best it can.

A report is not worth a training: one that cannot be written is left out, and the next one says more
anyway. What must last (epochs, checkpoints, the end) does not go through here.
"""

import sys
import time
from collections.abc import Callable

from mnistlab.store.database.errors import StoreError
from mnistlab.store.run import Request
from mnistlab.store.store import Store
from mnistlab.training.epoch import Progress

REPORT_SECONDS = 0.25


class StatusReporter:
    """Reports how far a run is; `asked` is what the run was last known to be requested to do."""

    def __init__(
        self, store: Store, run_id: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store, self._run_id, self._clock = store, run_id, clock
        self._reported = -REPORT_SECONDS
        self._failed = False
        self.requested = Request.NONE

    def report(self, message: str, progress: Progress | None = None) -> None:
        """Report at once."""
        try:
            self.requested = self._store.report(self._run_id, message, progress)
        except StoreError as error:
            if not self._failed:  # once is enough for the log
                print(f"run {self._run_id}: a report was left out: {error}", file=sys.stderr)
            self._failed = True
        self._reported = self._clock()

    def report_throttled(self, message: str, progress: Progress | None = None) -> None:
        """Report unless the last report was a moment ago."""
        if self._clock() - self._reported >= REPORT_SECONDS:
            self.report(message, progress)

    def progress(self, progress: Progress) -> None:
        self.report_throttled("Training", progress)
