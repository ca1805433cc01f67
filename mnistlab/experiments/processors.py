"""Whether runs that are compared were trained on unlike processors."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from mnistlab.errors import CheckpointError
from mnistlab.store.run import RunSummary
from mnistlab.store.store import Store
from mnistlab.text import quantity
from mnistlab.training.record import read_environment


def unlike_processors(store: Store, runs: Sequence[RunSummary]) -> str:
    """That the runs were trained on several processor models, and on which, in a sentence; empty if
    not. Runs without an epoch, and older ones whose record names no processor, do not count.
    """
    models: Counter[str] = Counter()
    for run in runs:
        with suppress(CheckpointError):  # no epoch has ended, or the file is damaged
            environment = read_environment(store.best_checkpoint_path(run.id))
            if model := environment.get("processor"):
                models[model] += 1
    if len(models) < 2:
        return ""
    counts = "; ".join(f"{model}: {quantity(n, 'run')}" for model, n in models.most_common())
    return (
        "Trained on unlike processors, so the same seed may give slightly different weights: "
        f"{counts}."
    )
