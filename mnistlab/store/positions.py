"""Where in the queue a run is put, in SQL: -1 and below for "Run next", above it up to 0 for a
preempted run, positive for all others.
"""

from mnistlab.store.transitions import Position

FIRST_POSITION = (
    "(SELECT min(coalesce(min(queue_position), 0), 0) - 1 FROM runs WHERE state = 'queued')"
)
LAST_POSITION = (
    "(SELECT max(coalesce(max(queue_position), 0), 0) + 1 FROM runs WHERE state = 'queued')"
)
POSITION_SQL = {
    Position.NOWHERE: "NULL",
    Position.NEXT: FIRST_POSITION,
    Position.RETURNED: "0",
    Position.LAST: LAST_POSITION,
}
