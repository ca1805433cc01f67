"""What a Ray cluster costs: `python benchmarks/ray_overhead.py [--pairs 5] [--runs 8] [--tiny 0]`.

The same study of eight runs on one thread each, in turn on the lab's own two workers and on a
cluster of this machine alone with two cores; from the first run's claim to the last one's end, and
from the command to that end, which has the cluster's start in it. Both train the same bits.

`--tiny 200` measures the dispatcher alone: that many runs that train next to nothing (64 digits,
one epoch), the dispatcher's processor time a run, and the bytes that store and files take.
MNIST is taken from the cache of the tests, so run them once before.
"""

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
WORKERS = 2


@dataclass(frozen=True)
class Took:
    """Seconds of a study, and the processor seconds of its dispatcher."""

    training: float
    command: float
    dispatcher: float
    files: int
    n_bytes: int


def dispatcher_seconds(home: Path) -> float:
    """Processor time of the dispatcher of a lab, 0 without one."""
    from mnistlab.worker.cluster_setting import DISPATCHER

    for process in Path("/proc").glob("[0-9]*"):
        try:
            command, variables = ((process / name).read_bytes() for name in ("cmdline", "environ"))
            if DISPATCHER.encode() in command and str(home).encode() in variables:
                fields = (process / "stat").read_text().rpartition(")")[2].split()
                return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        except OSError:
            continue
    return 0.0


def study(address: str, n_runs: int, is_tiny: bool) -> Took:
    """Train the study in a new lab, on the cluster at an address or on local workers."""
    from mnistlab.arch.presets import PRESETS
    from mnistlab.home import Home
    from mnistlab.recipe.recipe import Recipe
    from mnistlab.store.run import State
    from mnistlab.store.store import Store
    from mnistlab.worker.cluster_setting import VARIABLE, has_dispatcher
    from mnistlab.worker.processes import ensure_workers, submit

    os.environ |= {VARIABLE: address, "MNISTLAB_THREADS": "1", "MNISTLAB_WORKERS": str(WORKERS)}
    os.environ |= {"MNISTLAB_IDLE": "0", "MNISTLAB_NICE": "0"}
    folder = Path(tempfile.mkdtemp())
    (folder / "data").symlink_to(ROOT / ".cache" / "data")
    home = Home(folder)
    recipe = Recipe(epochs=1, train_size=64) if is_tiny else Recipe(epochs=2, train_size=10_000)
    started = time.time()
    runs = [
        submit(home, f"{seed}", PRESETS[3].spec, replace(recipe, seed=seed))
        for seed in range(n_runs)
    ]
    store, dispatcher = Store(home.runs), 0.0
    while any(run.state.active for run in store.runs(runs)):
        ensure_workers(home)
        dispatcher = max(dispatcher, dispatcher_seconds(folder))
        time.sleep(0.5 if is_tiny else 0.2)
    ended = store.runs(runs)
    assert all(run.state is State.DONE for run in ended), [run.message for run in ended]
    first, last = min(run.started or 0 for run in ended), max(run.ended or 0 for run in ended)
    while has_dispatcher(home):
        time.sleep(0.1)
    files = [path for path in home.runs.rglob("*") if path.is_file()]
    n_bytes = sum(path.stat().st_size for path in files)
    return Took(last - first, last - started, dispatcher, len(files), n_bytes)


def main() -> None:
    from mnistlab.worker.cluster_setting import OWN

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--runs", type=int, default=8)
    parser.add_argument("--tiny", type=int, default=0)
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores")
    if options.tiny:
        took = study(OWN, options.tiny, is_tiny=True)
        print(
            f"{options.tiny} runs that train next to nothing: {took.training:.0f} s, dispatcher "
            f"{1000 * took.dispatcher / options.tiny:.0f} ms of processor time a run, "
            f"{took.n_bytes / options.tiny / 1000:.0f} kB on the disk a run"
        )
        return
    ratios, with_start = [], []
    for number in range(1, options.pairs + 1):
        local, cluster = (study(address, options.runs, is_tiny=False) for address in ("", OWN))
        ratios.append(cluster.training / local.training)
        with_start.append(cluster.command / local.command)
        print(
            f"pair {number}: local {local.training:.1f} s, cluster {cluster.training:.1f} s, ratio "
            f"{ratios[-1]:.2f}; from the command {with_start[-1]:.2f}",
            flush=True,
        )
    print(
        f"median of {options.pairs}: {statistics.median(ratios):.2f} "
        f"({min(ratios):.2f}–{max(ratios):.2f}); from the command "
        f"{statistics.median(with_start):.2f}"
    )


if __name__ == "__main__":
    main()
