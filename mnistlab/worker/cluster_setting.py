"""Whether runs train on a Ray cluster instead of local workers, and the process that sees to it."""

import os
from importlib.util import find_spec

from mnistlab.errors import LabError
from mnistlab.home import Home
from mnistlab.worker.lock import is_held

VARIABLE = "MNISTLAB_RAY"
OWN = "local"
"""Instead of an address: a cluster of this machine alone, which ends with the dispatcher."""
SLOT = 64
"""The slot of every run that trains on the cluster, after those of the local workers; whoever holds
its lock is the dispatcher."""
DISPATCHER = "mnistlab.cluster.dispatcher"


def address() -> str:
    """Where the cluster is: `$MNISTLAB_RAY`, empty without one."""
    return os.environ.get(VARIABLE, "")


def check() -> None:
    """Raise LabError if runs should train on a cluster and cannot: no Ray, or Ray's client."""
    if address().startswith("ray://"):
        raise LabError(
            f"{address()[:100]} is an address of Ray's client, which cannot hand back one epoch "
            "after the other. Start mnistlab on a machine of the cluster, with the address auto."
        )
    if address() and find_spec("ray") is None:
        raise LabError(
            "Ray is not installed. Install it with `pip install -r requirements-ray.txt`, or leave "
            f"out --ray and ${VARIABLE}."
        )


def has_dispatcher(home: Home) -> bool:
    """Whether a dispatcher runs."""
    return is_held(home.runs, f"worker{SLOT}")
