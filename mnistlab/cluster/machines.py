"""The machines of a Ray cluster, as its head lists them, and for how long the head has been silent.

Ray's call waits for the head for as long as it is away, so a thread of its own makes it: meanwhile
the runs on nodes that can be reached go on, and what they say is heard.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mnistlab.errors import LabError

ASK_SECONDS = 1.0
TOLD_SECONDS = 5.0
"""A head that has been silent for so long is worth a sentence."""
LOST_SECONDS = 45.0
"""A head that has been silent for so long counts as lost. After 60 seconds Ray itself would abort
the process, without a sentence."""


class Machines:
    """What the head answered last. The first answer is waited for; `watching` asks for more."""

    def __init__(
        self,
        ask: Callable[[], list[dict[str, Any]]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask, self._clock = ask, clock
        self.listed: list[dict[str, Any]] = []
        self.ask()

    def ask(self) -> None:
        """Ask the head; returns when it answers."""
        self.listed = self._ask()
        self._answered_at = self._clock()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Ask again and again, in a thread."""
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(ASK_SECONDS):
                self.ask()

        threading.Thread(target=watch, daemon=True).start()
        try:
            yield
        finally:
            ended.set()

    def alive(self) -> list[Mapping[str, Any]]:
        return [each for each in self.listed if each["Alive"]]

    def silent_seconds(self) -> float:
        return self._clock() - self._answered_at

    def problem(self) -> str:
        """That the head is silent, in a sentence; empty if it is not."""
        silent = self.silent_seconds()
        if silent < TOLD_SECONDS:
            return ""
        return f"The cluster's head has not answered for {silent:.0f} s."

    def check(self) -> None:
        """Raise LabError if the head is lost."""
        if self.silent_seconds() > LOST_SECONDS:
            raise LabError(
                f"The head of the Ray cluster has not answered for {LOST_SECONDS:.0f} seconds. The "
                "runs wait after their last complete epochs and go on when it is back."
            )
