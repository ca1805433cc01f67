"""Workers that are ended on purpose, each forked from a process that has torch and MNIST at hand.

A fork takes milliseconds where a fresh worker takes seconds, so a test can kill a thousand of them.
What runs in the fork is the real worker; only its validation and test images are cut short.
"""

import itertools
import json
import os
import resource
import select
import signal
import sqlite3
import subprocess
import sys
import time
import traceback
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

from safetensors.numpy import load_file

from mnistlab.arch.spec import parse
from mnistlab.data.options import Split
from mnistlab.home import Home
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.folders import epoch_checkpoints
from mnistlab.store.run import Run
from mnistlab.store.store import Store
from mnistlab.training import checkpoint
from mnistlab.training.epoch import Epoch
from mnistlab.uncertainty.model import uncertainty_path

KEPT = 200
"""Validation images, and test images: enough to choose an epoch by."""
HUNG = 120.0
"""Seconds; the slowest whole run here takes a hundredth of that."""
QUICK_REPORTS = 0.01
CHECKOUT = Path(__file__).parents[2]


class Workers:
    """The process that forks workers, one at a time, for as long as a `with` lasts."""

    def __init__(self, data: Path) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.worker.faults", str(data)],
            cwd=CHECKOUT,
            # One thread: OpenMP's pool does not live through a fork.
            env=os.environ
            | {"OMP_NUM_THREADS": "1", "MNISTLAB_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        assert self._server.stdout
        assert self._server.stdout.readline() == "ready\n", "no worker can be forked"

    def __enter__(self) -> "Workers":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        assert self._server.stdin
        self._server.stdin.close()
        self._server.wait(HUNG)

    def start(
        self,
        home: Home,
        after: float | None = None,
        at: int | None = None,
        largest: int | None = None,
        idle: float = 0.0,
        package: Path | None = None,
    ) -> None:
        """Start a worker that is killed `after` seconds or before its `at`th touch of the disk, or
        that can write no file beyond `largest` bytes. It waits `idle` seconds for a run, and takes
        the folder `package` for its code.
        """
        job = {
            "home": str(home.root),
            "after": after,
            "at": at,
            "largest": largest,
            "idle": idle,
            "package": str(package) if package else None,
        }
        assert self._server.stdin
        self._server.stdin.write(json.dumps(job) + "\n")

    def pid(self) -> int:
        """The process id of the worker that was started last and has not ended."""
        children = Path(f"/proc/{self._server.pid}/task/{self._server.pid}/children")
        return int(children.read_text().split()[-1])

    def ended(self) -> bool:
        """Wait for the worker's end; whether it came to it by itself, and was not killed."""
        assert self._server.stdout
        code, hung = json.loads(self._server.stdout.readline())
        assert code in (0, -signal.SIGKILL) and not hung, f"the worker ended with {code}"
        return bool(code == 0)

    def work(self, home: Home, **faults: Any) -> bool:
        self.start(home, **faults)
        return self.ended()


def add_run(home: Home, run: tuple[str, Recipe]) -> int:
    return Store(home.runs).add("", parse(run[0]), run[1])


def get_run(home: Home, run_id: int) -> Run:
    run = Store(home.runs).run(run_id)
    assert run is not None
    return run


def row(epoch: Epoch) -> dict[str, float]:
    """An epoch without the two columns that a clock fills."""
    return {k: v for k, v in asdict(epoch).items() if k not in ("seconds", "images_per_second")}


def outcome(home: Home, run_id: int) -> dict[str, Any]:
    """Everything that a run gives, to the bit."""
    store, run = Store(home.runs), get_run(home, run_id)
    files: tuple[Path, ...]
    files = (
        store.best_checkpoint_path(run_id),
        store.last_checkpoint_path(run_id),
        store.predictions_path(run_id),
    )
    records = [checkpoint.load_checkpoint(file).record for file in files[:2]]
    files += (uncertainty_path(files[0]), *epoch_checkpoints(files[0]))
    return {
        "ends": (run.state, run.message, run.epochs_done, run.best_epoch, run.last, run.test),
        "rows": [row(epoch) for epoch in run.epochs],
        "records": [(r.epoch, r.test, [row(epoch) for epoch in r.epochs]) for r in records],
        "bits": [bits(file) for file in files],
    }


def bits(file: Path) -> dict[str, Any]:
    """A file's tensors, byte by byte; the header's order is not always the same."""
    return {name: (v.dtype, v.shape, v.tobytes()) for name, v in load_file(file).items()}


def _serve(data: Path) -> None:
    _warm_up(data)
    print("ready", flush=True)
    for line in sys.stdin:
        job = json.loads(line)
        pid = os.fork()
        if not pid:
            _worker(job)
        handle = os.pidfd_open(pid)
        limit = HUNG if job["after"] is None else job["after"]
        over, _, _ = select.select([handle], [], [], limit)
        if not over:
            os.kill(pid, signal.SIGKILL)
        os.close(handle)
        _, status = os.waitpid(pid, 0)
        hung = not over and job["after"] is None
        print(json.dumps([os.waitstatus_to_exitcode(status), hung]), flush=True)


def _warm_up(data: Path) -> None:
    """Import what a worker imports on its way, and put the cut data in place of the whole."""
    import torch

    from mnistlab.arch.build import build
    from mnistlab.data import mnist
    from mnistlab.training.data_parallel import Replicas
    from mnistlab.training.state import TrainingState
    from mnistlab.worker import status_reporter

    torch.set_num_threads(1)
    whole, divide = mnist.load(data), mnist.split_mnist

    def cut(digits: mnist.Mnist, split: Split, subset: int | None = None) -> mnist.DataSplits:
        parts = divide(digits, split, subset)
        return mnist.DataSplits(
            parts.train, parts.validation[:KEPT], parts.test and parts.test[:KEPT]
        )

    mnist.load = lambda folder: whole
    mnist.split_mnist = cut  # type: ignore[assignment]
    status_reporter.REPORT_SECONDS = QUICK_REPORTS
    # What a worker opens when it has claimed a run; it takes the cut data's functions with it.
    from mnistlab.worker import training_job  # noqa: F401

    # The first step of all compiles the kernels, that of an optimizer imports a second of torch.
    images, labels = torch.zeros(8, 28, 28, dtype=torch.uint8), torch.arange(8)
    for text in ("4-4r-p-gap-bn-drop0.1", "4-p-gap"):
        training = TrainingState(build(parse(text), 0), Recipe(batch_size=len(labels)))
        with Replicas(training, 1) as replicas:
            replicas.start_epoch()
            replicas.gradients(images, labels)
        training.optimizer.step()


def _worker(job: dict[str, Any]) -> None:
    """Be a worker; never comes back."""
    from mnistlab.worker import idle, worker

    code = 1
    try:
        if job["largest"] is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (job["largest"], job["largest"]))
        if job["at"] is not None:
            _die_at(job["at"], job["home"])
        if job["package"] is not None:
            idle.PACKAGE = Path(job["package"])
        worker.work(Home(Path(job["home"])), job["idle"])
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


TOUCHES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "sqlite3.connect"}


def _die_at(last: int, home: str) -> None:
    """Kill this process right before its `last`th touch of the disk: a file that is opened to be
    written, forced to the disk, renamed or removed; a folder made; an SQL statement but a PRAGMA.
    """
    touches, fsync, connect = itertools.count(1), os.fsync, sqlite3.connect

    def touch() -> None:
        if next(touches) == last:
            os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(HUNG)

    def hook(event: str, values: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = values
            writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if writes and not isinstance(path, int) and os.fspath(path).startswith(home):
                touch()
        elif event in TOUCHES:
            touch()

    def forced(file: int) -> None:
        touch()
        fsync(file)

    def connected(*values: Any, **options: Any) -> sqlite3.Connection:
        db: sqlite3.Connection = connect(*values, **options)
        db.set_trace_callback(lambda sql: None if sql.startswith("PRAGMA") else touch())
        return db

    sys.addaudithook(hook)
    os.fsync, sqlite3.connect = forced, connected  # type: ignore[assignment]


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
