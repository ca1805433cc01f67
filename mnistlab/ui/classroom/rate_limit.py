"""How many may join in a minute: a class at once, and not a script for hours."""

import time
from collections import defaultdict
from collections.abc import Callable
from threading import Lock

SECONDS = 60.0
EACH, ALL = 45, 150
"""Of one address (a whole class may come through one proxy), and of all together."""


class RateLimit:
    """Counts what has happened in the last SECONDS; safe to use from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._times: dict[str, list[float]] = defaultdict(list)
        self._lock = Lock()

    def allows(self, address: str) -> bool:
        """Whether once more is allowed for an address; if so, it is counted."""
        with self._lock:
            since = self._clock() - SECONDS
            for one, times in [*self._times.items()]:
                self._times[one] = [at for at in times if at > since]
                if not self._times[one]:
                    del self._times[one]
            total = sum(map(len, self._times.values()))
            if total >= ALL or len(self._times.get(address, ())) >= EACH:
                return False
            self._times[address].append(self._clock())
            return True
