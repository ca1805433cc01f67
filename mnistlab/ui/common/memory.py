"""Objects that live as long as the server are excluded from garbage collection.

Torch and Streamlit create about 250,000 of them. A full collection visits each one, which takes
0.25 s in which no page is drawn.
"""

import gc
import sys
from functools import cache

STEP = 250
"""Newly imported modules that are worth another freeze; torch alone has several times as many."""


def freeze_modules() -> None:
    """Exclude all present objects from collection, if many modules were imported since last time.

    Each page calls this first. It freezes on the server's first page and on the first page after
    torch has been imported. It does so only a few times, because a garbage cycle that exists at
    that moment is never freed. Freezing takes microseconds, however many objects there are.
    """
    _freeze(len(sys.modules) // STEP)


@cache
def _freeze(steps: int) -> None:
    gc.freeze()
