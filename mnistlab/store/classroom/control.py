"""What the teacher does with everybody's runs at once."""

from dataclasses import replace

from mnistlab.errors import LabError
from mnistlab.store import queue
from mnistlab.store.classroom.people import set_rules, the_class
from mnistlab.store.rights.ownership import require_teacher
from mnistlab.store.run import Request, State
from mnistlab.store.store import Store


def pause_class(store: Store) -> None:
    """Hold the students' runs back; those that train return to the queue and go first afterwards.

    Raises NotAllowedError for students, LabError if there is no class.
    """
    _set_paused(store, True)
    # After the rule, which keeps them in the queue.
    with store.database.reading() as db:
        rows = db.execute(
            "SELECT id FROM runs WHERE state = ? AND person IN "
            "(SELECT id FROM people WHERE NOT is_teacher)",
            (State.RUNNING,),
        ).fetchall()
    for row in rows:
        store.request(row["id"], Request.PREEMPT)


def continue_class(store: Store) -> None:
    """Let the students' runs start again. Raises as `pause_class` does."""
    _set_paused(store, False)


def clear_queue(store: Store) -> int:
    """Cancel every queued run; how many. One that has epochs is paused and can be resumed.

    Raises NotAllowedError for students.
    """
    require_teacher(store.actor, "clear the queue")
    run_ids = [run.id for run in store.queue()]
    queue.cancel(store, run_ids)
    return len(run_ids)


def _set_paused(store: Store, is_paused: bool) -> None:
    require_teacher(store.actor, "pause the class")
    current = the_class(store)
    if current is None:
        raise LabError("There is no class here. Open one with `python -m mnistlab class NAME`.")
    set_rules(store, replace(current.rules, is_paused=is_paused))
