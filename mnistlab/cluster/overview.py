"""What a cluster does now, as a file beside the store that the pages read."""

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from mnistlab.atomic import write_atomic
from mnistlab.home import Home
from mnistlab.worker.processes import worker_count

FILE = "cluster.json"
MAX_BYTES = 1 << 20
STALE_SECONDS = 15.0
"""An older file is that of a dispatcher that was killed."""


@dataclass(frozen=True)
class Overview:
    """The machines of the cluster, where each run trains, and why runs wait.

    `room`: how many runs train at once if nobody else uses the cluster; `problem`: what is wrong
    with the whole of it, a sentence.
    """

    time: float
    room: int
    nodes: tuple[Mapping[str, object], ...]
    runs: Mapping[int, str]
    n_waiting: int = 0
    waiting: str = ""
    problem: str = ""


def write_overview(home: Home, overview: Overview) -> None:
    with suppress(OSError):  # it is only shown; the disk's error is told where a run is saved
        write_atomic(_path(home), json.dumps(asdict(overview)).encode())


def remove_overview(home: Home) -> None:
    with suppress(OSError):
        _path(home).unlink(missing_ok=True)


def read_overview(home: Home) -> Overview | None:
    """What the dispatcher wrote last; None without a dispatcher, or if it cannot be read."""
    try:
        with _path(home).open("rb") as file:
            values = json.loads(file.read(MAX_BYTES))
        nodes = tuple(
            {
                "name": str(each["name"])[:100],
                "cores": int(each["cores"]),
                "alive": bool(each["alive"]),
            }
            for each in values["nodes"]
        )
        runs = {int(run): str(name)[:100] for run, name in values["runs"].items()}
        overview = Overview(
            float(values["time"]),
            int(values["room"]),
            nodes,
            runs,
            int(values["n_waiting"]),
            str(values["waiting"])[:500],
            str(values["problem"])[:500],
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return overview if abs(time.time() - overview.time) < STALE_SECONDS else None


def why_nothing_trains(home: Home) -> str:
    """Why runs wait although none trains on the cluster; empty without a cluster or a reason."""
    overview = read_overview(home)
    if overview is None or overview.runs:
        return ""
    return " ".join(each for each in (overview.problem, overview.waiting) if each)


def concurrency(home: Home) -> int:
    """How many runs train at once: on the cluster if there is one, else on this machine."""
    overview = read_overview(home)
    return overview.room if overview else worker_count()


def _path(home: Home) -> Path:
    return home.runs / FILE
