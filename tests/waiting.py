"""Waiting for what another process does."""

import time
from collections.abc import Callable

CEILING = 600.0
"""Seconds. It only keeps a broken test from hanging; a busy machine may take its time."""
STEP = 0.01


def until(met: Callable[[], object]) -> None:
    """Ask again and again until the condition is met; an AssertionError after `CEILING`."""
    deadline = time.monotonic() + CEILING
    while not met():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(STEP)
