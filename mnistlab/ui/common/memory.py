"""What stays for good is put out of the garbage collector's sight.

Torch and Streamlit make a quarter of a million objects that live as long as the server. A full
collection goes through all of them, which takes a quarter of a second in which no page is drawn.
"""

import gc
import sys
from functools import cache

STEP = 250
"""Modules that come in before it is worth doing again; torch alone brings several times as many."""


def freeze_modules() -> None:
    """Let the collector pass over all that is in memory now, if many modules have come in.

    Each page calls this first. It freezes at the server's first page and at the first page after
    torch has been imported, wherever that was; a handful of times in all, because a cycle that is
    garbage just then is never freed. Freezing takes microseconds, whatever there is.
    """
    _freeze(len(sys.modules) // STEP)


@cache
def _freeze(steps: int) -> None:
    gc.freeze()
