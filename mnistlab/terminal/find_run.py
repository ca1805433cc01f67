"""A run by its number."""

from mnistlab.errors import LabError
from mnistlab.store.run import Run
from mnistlab.store.store import Store


def get_run(store: Store, run_id: int) -> Run:
    """A run. Raises LabError if there is none with that number."""
    if run := store.run(run_id):
        return run
    raise LabError(f"Run {run_id} not found. `python -m mnistlab runs` lists all runs.")
