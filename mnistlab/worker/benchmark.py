"""The speed benchmark of this machine: run once, in a separate process, and saved."""

import contextlib
import sys
from collections.abc import Callable
from datetime import date

from mnistlab.atomic import write_atomic
from mnistlab.errors import LabError
from mnistlab.home import Home, default_home
from mnistlab.training.record import environment
from mnistlab.worker.lock import is_held, lock
from mnistlab.worker.processes import (
    ensure_workers,
    spawn_detached,
    thread_count,
    worker_count,
    worker_lock,
)
from mnistlab.worker.speed_model import SpeedModel, cross_validated_error, fit_costs, from_json

LOCK = "benchmark"


class BenchmarkError(LabError):
    """A benchmark that cannot run now, with the reason."""


def load_speed_model(home: Home) -> SpeedModel | None:
    """The result of the last benchmark, None before the first. Raises LabError if it is damaged."""
    try:
        return from_json(home.speed_model.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise BenchmarkError(f"{home.speed_model} cannot be read: {error}.") from None


def start_benchmark(home: Home) -> None:
    """Start the benchmark in a separate process; `is_running` is true until it ends.

    Raises BenchmarkError while a run is training: each would slow down the other.
    """
    with contextlib.ExitStack() as locks:
        _lock_all_slots(home, locks)
    spawn_detached(home, "mnistlab.worker.benchmark", log="benchmark.log")


def is_running(home: Home) -> bool:
    """Whether a benchmark is running; a killed process no longer holds the lock."""
    return is_held(home.runs, LOCK)


def run_benchmark(home: Home, report: Callable[[str, float], None]) -> SpeedModel:
    """Time the networks, fit the speed model and save it; `report` gets a message and the fraction
    done.

    It holds all worker slots meanwhile, so a queued run starts afterwards. Raises BenchmarkError
    if a run is training or another benchmark is running.
    """
    with lock(home.runs, LOCK, patience=2) as is_free, contextlib.ExitStack() as locks:
        if not is_free:
            raise BenchmarkError("A benchmark is already running. Wait until it ends.")
        _lock_all_slots(home, locks)
        speed_model = _fit_speed_model(report)
        write_atomic(home.speed_model, speed_model.to_json().encode())
    ensure_workers(home)
    return speed_model


def _lock_all_slots(home: Home, locks: contextlib.ExitStack) -> None:
    for slot in range(worker_count()):
        if not locks.enter_context(worker_lock(home, slot, patience=1)):
            raise BenchmarkError("A run is training. Run the benchmark when it has ended.")


def _fit_speed_model(report: Callable[[str, float], None]) -> SpeedModel:
    report("Loading PyTorch", 0.0)
    import torch

    from mnistlab.worker.timing import NETWORKS, timings

    torch.set_num_threads(1)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    measured = []
    for timing in timings(thread_count(), device):
        measured.append(timing)
        report(f"Timed {timing.network}", len(measured) / len(NETWORKS))
    return SpeedModel(
        timings=tuple(measured),
        costs=fit_costs(measured),
        error=cross_validated_error(measured),
        threads=thread_count(),
        day=date.today().isoformat(),
        versions=environment(torch=torch.__version__, device=device.type),
    )


def main() -> None:
    """Run the benchmark; errors go to standard error, which is its log."""
    try:
        run_benchmark(default_home(), lambda message, fraction: None)
    except (LabError, OSError) as error:
        print(error, file=sys.stderr)


if __name__ == "__main__":
    main()
