"""How quick this machine is: timed once, in a process of its own, and stored."""

import contextlib
import sys
from collections.abc import Callable
from datetime import date

from mnistlab.atomic import write_atomic
from mnistlab.errors import LabError
from mnistlab.home import Home, home
from mnistlab.training.record import environment
from mnistlab.worker.lock import lock
from mnistlab.worker.processes import (
    ensure_workers,
    spawn_detached,
    thread_count,
    worker_count,
    worker_lock,
)
from mnistlab.worker.speed_model import SpeedModel, cross_validated_error, fit_costs, from_json


class BenchmarkError(LabError):
    """A measurement that cannot be made now, with the reason."""


def load_speed_model(where: Home) -> SpeedModel | None:
    """What was measured, None before that. Raises LabError if the file is damaged."""
    try:
        return from_json(where.speed_model.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise BenchmarkError(f"{where.speed_model} cannot be read: {error}.") from None


def start_benchmark(where: Home) -> None:
    """Start measuring in a process of its own; `under_way` says how long.

    Raises CalibrationError while a run is trained, as both would be slowed down.
    """
    with contextlib.ExitStack() as held:
        _take_every_slot(where, held)
    spawn_detached(where, "mnistlab.worker.benchmark", log="calibration.log")


def is_running(where: Home) -> bool:
    """Whether a process is measuring; a killed one is not."""
    if not (where.runs / "calibration.lock").is_file():
        return False
    with lock(where.runs, "calibration") as free:
        return not free


def run_benchmark(where: Home, report: Callable[[str, float], None]) -> SpeedModel:
    """Time the networks and store what follows; `report` hears of each, with the share done.

    It holds every worker's place meanwhile; a run that is queued begins afterwards. Raises
    CalibrationError if a run is trained or another process measures.
    """
    with lock(where.runs, "calibration", patience=2) as free, contextlib.ExitStack() as held:
        if not free:
            raise BenchmarkError("This machine is being measured already; wait for its end.")
        _take_every_slot(where, held)
        calibration = _fit_speed_model(report)
        write_atomic(where.speed_model, calibration.to_json().encode())
    ensure_workers(where)
    return calibration


def _take_every_slot(where: Home, held: contextlib.ExitStack) -> None:
    for slot in range(worker_count()):
        if not held.enter_context(worker_lock(where, slot, patience=1)):
            raise BenchmarkError("A run is being trained; measure when it has ended.")


def _fit_speed_model(report: Callable[[str, float], None]) -> SpeedModel:
    report("Opening PyTorch", 0.0)
    import torch

    from mnistlab.worker.timing import NETWORKS, timings

    torch.set_num_threads(1)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    found = []
    for timing in timings(thread_count(), device):
        found.append(timing)
        report(f"Timed {timing.network}", len(found) / len(NETWORKS))
    return SpeedModel(
        timings=tuple(found),
        costs=fit_costs(found),
        error=cross_validated_error(found),
        threads=thread_count(),
        day=date.today().isoformat(),
        versions=environment(torch=torch.__version__, device=device.type),
    )


def main() -> None:
    """Measure, unless that cannot be now; what went wrong goes to standard error."""
    try:
        run_benchmark(home(), lambda what, share: None)
    except (LabError, OSError) as error:
        print(error, file=sys.stderr)


if __name__ == "__main__":
    main()
