"""How many runs one session may start in a minute, so that a mishap or a mischief stays small.

Nobody has an account here, so a session is all that can be limited; `worker.processes.MAX_QUEUED`
is the limit of all together.
"""

import time
from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from mnistlab.errors import LabError

Result = TypeVar("Result")
MAX_STARTS, WINDOW = 10, 60.0
"""Starts within so many seconds, on the pages Train and Run."""
STARTS = "start_times"
"""Where the session keeps the times of its last starts, in seconds of the monotonic clock."""


def limited(start: Callable[[], Result], clock: Callable[[], float] = time.monotonic) -> Result:
    """Start something; its result. Raises LabError if this session has started too much."""
    now = clock()
    recent = [at for at in st.session_state.get(STARTS, []) if now - at < WINDOW]
    if len(recent) >= MAX_STARTS:
        wait = max(1, round(WINDOW - (now - recent[0])))
        raise LabError(
            f"You have started {MAX_STARTS} runs within a minute. Wait {wait} s, then start the "
            "next one."
        )
    result = start()
    st.session_state[STARTS] = [*recent, now]
    return result
