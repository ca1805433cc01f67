"""How many people look at pages now, so that they do not slow down the training that they watch.

Each look at a running training takes some 20 ms of processor time. Thirty people who look once a
second take half a core, which the training then lacks; so a large audience looks less often.
"""

import time
from collections.abc import Callable
from threading import Lock

from streamlit.runtime.scriptrunner import get_script_run_ctx

ALONE = 10
"""People who look as often as one does."""
LONGEST = 5.0
"""By how much an interval grows at most."""
GONE_SECONDS = 60.0
"""A session that has not looked for so long has left."""


class Audience:
    """The sessions that have looked lately; safe to use from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last_looks: dict[str, float] = {}
        self._lock = Lock()

    def stretched(self, seconds: float, session: str) -> float:
        """The interval between two looks of a session, which looks now: `seconds` or longer."""
        now = self._clock()
        with self._lock:
            self._last_looks[session] = now
            for old in [s for s, at in self._last_looks.items() if now - at > GONE_SECONDS]:
                del self._last_looks[old]
            count = len(self._last_looks)
        return seconds * min(LONGEST, max(1.0, count / ALONE))


AUDIENCE = Audience()
"""That of this server."""


def session_id() -> str:
    """The session whose page is being drawn; empty outside a server."""
    context = get_script_run_ctx(suppress_warning=True)
    return context.session_id if context else ""
