"""How quick this machine is: timed once, in a process of its own, and stored."""

import contextlib
import sys
from collections.abc import Callable
from datetime import date

from mnistlab.atomic import write_whole
from mnistlab.errors import LabError
from mnistlab.home import Home, home
from mnistlab.runs.jobs import detach, tend, threads, worker_lock, workers
from mnistlab.runs.lock import lock
from mnistlab.training.record import environment
from mnistlab.training.speed import Calibration, fit, from_json, typical_error


class CalibrationError(LabError):
    """A measurement that cannot be made now, with the reason."""


def stored(where: Home) -> Calibration | None:
    """What was measured, None before that. Raises LabError if the file is damaged."""
    try:
        return from_json(where.calibration.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise CalibrationError(f"{where.calibration} cannot be read: {error}.") from None


def begin(where: Home) -> None:
    """Start measuring in a process of its own; `under_way` says how long.

    Raises CalibrationError while a run is trained, as both would be slowed down.
    """
    with contextlib.ExitStack() as held:
        _take_every_slot(where, held)
    detach(where, "mnistlab.runs.calibration", log="calibration.log")


def under_way(where: Home) -> bool:
    """Whether a process is measuring; a killed one is not."""
    if not (where.runs / "calibration.lock").is_file():
        return False
    with lock(where.runs, "calibration") as free:
        return not free


def measure(where: Home, report: Callable[[str, float], None]) -> Calibration:
    """Time the networks and store what follows; `report` hears of each, with the share done.

    It holds every worker's place meanwhile; a run that is queued begins afterwards. Raises
    CalibrationError if a run is trained or another process measures.
    """
    with lock(where.runs, "calibration", patience=2) as free, contextlib.ExitStack() as held:
        if not free:
            raise CalibrationError("This machine is being measured already; wait for its end.")
        _take_every_slot(where, held)
        calibration = _measured(report)
        write_whole(where.calibration, calibration.to_json().encode())
    tend(where)
    return calibration


def _take_every_slot(where: Home, held: contextlib.ExitStack) -> None:
    for slot in range(workers()):
        if not held.enter_context(worker_lock(where, slot, patience=1)):
            raise CalibrationError("A run is being trained; measure when it has ended.")


def _measured(report: Callable[[str, float], None]) -> Calibration:
    report("Opening PyTorch", 0.0)
    import torch

    from mnistlab.training.timing import NETWORKS, timings

    torch.set_num_threads(1)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    found = []
    for timing in timings(threads(), device):
        found.append(timing)
        report(f"Timed {timing.network}", len(found) / len(NETWORKS))
    return Calibration(
        timings=tuple(found),
        costs=fit(found),
        error=typical_error(found),
        threads=threads(),
        day=date.today().isoformat(),
        versions=environment(torch=torch.__version__, device=device.type),
    )


def main() -> None:
    """Measure, unless that cannot be now; what went wrong goes to standard error."""
    try:
        measure(home(), lambda what, share: None)
    except (LabError, OSError) as error:
        print(error, file=sys.stderr)


if __name__ == "__main__":
    main()
