"""A training on a node: the local worker's code, in a folder of its own.

What a local training writes to the store, this one hands to the dispatcher as messages.
"""

import contextlib
import math
import os
import platform
import queue
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from mnistlab.atomic import write_atomic
from mnistlab.cluster.messages import Ended, Files, Message, Sources, Status, Trained
from mnistlab.data.mnist import Mnist
from mnistlab.home import Home
from mnistlab.stats.score import Score
from mnistlab.store.folders import TrainingOutput
from mnistlab.store.run import Request, Run, State
from mnistlab.training.epoch import Epoch, Phase, Progress
from mnistlab.training.record import environment, processor
from mnistlab.training.sources import source_path
from mnistlab.worker.processes import niceness
from mnistlab.worker.worker import lower_priority, train_run

STATUS_SECONDS = 1.0
"""Between two messages about a step, at least."""


class NodeOutput(TrainingOutput):
    """Keeps a run's files, and sends the dispatcher what the store has to know."""

    def __init__(
        self,
        folder: Path,
        send: Callable[[Message], None],
        clock: Callable[[], float] = time.monotonic,
        status_seconds: float = STATUS_SECONDS,
    ) -> None:
        super().__init__(folder)
        self._status_seconds = status_seconds
        self.requested = Request.NONE
        self._send, self._clock = send, clock
        self._sent: dict[str, tuple[int, int]] = {}
        self._last_status, self._status_at = "", -math.inf
        self._end: tuple[State, str, Score | None] | None = None

    def place(self, run_id: int, files: Files) -> None:
        """Write the files that the dispatcher has of a run."""
        for name, content in files.items():
            path = self.run_folder(run_id) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, content)
        self._changed(run_id)

    def report(self, run_id: int, message: str, progress: Progress | None = None) -> Request:
        now = self._clock()
        if message != self._last_status or now - self._status_at >= self._status_seconds:
            self._send(Status(message, progress))
            self._last_status, self._status_at = message, now
        return self.requested

    def add_epoch(self, run_id: int, epoch: Epoch) -> None:
        self._send(Trained((epoch,), False, self._changed(run_id)))

    def replace_epochs(self, run_id: int, epochs: Sequence[Epoch]) -> None:
        self._send(Trained(tuple(epochs), True, self._changed(run_id)))

    def finish(self, run_id: int, state: State, message: str, test: Score | None = None) -> None:
        # Sent by `close`: a finished training still removes its training state.
        self._end = state, message, test

    def close(self, run_id: int) -> None:
        """Send how the training ended."""
        state, message, test = self._end or (
            State.FAILED,
            "The training ended without a word.",
            None,
        )
        files = self._changed(run_id)
        self._send(Ended(state, message, test, files, self.resume_path(run_id).is_file()))

    def _changed(self, run_id: int) -> Files:
        """The files that are new or were written again since the last call."""
        folder, files = self.run_folder(run_id), {}
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            name, stat = path.relative_to(folder).as_posix(), path.stat()
            if self._sent.get(name) != (stat.st_mtime_ns, stat.st_size):
                files[name] = path.read_bytes()
                self._sent[name] = stat.st_mtime_ns, stat.st_size
        return files


class Node:
    """An actor that trains one run after another; it lives as long as the dispatcher needs it."""

    def __init__(self, mnist: Mnist) -> None:
        self._mnist = mnist
        self._output: NodeOutput | None = None
        if _has_own_session():
            lower_priority(niceness())

    def describe(self) -> dict[str, str]:
        """Where it runs, and the versions on which a run's bits depend."""
        import numpy
        import torch

        return environment(
            torch=torch.__version__,
            numpy=numpy.__version__,
            processor=processor(),
            name=platform.node(),
            pid=str(os.getpid()),
        )

    def request(self, request: Request) -> None:
        """Hand a request to the run that trains."""
        if self._output:
            self._output.requested = request

    def train(
        self, run: Run, files: Files, sources: Sources, status_seconds: float
    ) -> Iterator[Message]:
        """Train a run from the files of its last complete epoch; what happens, as it happens.

        What it does between two epochs, each `status_seconds`.
        """
        messages: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        with tempfile.TemporaryDirectory(prefix="mnistlab-", ignore_cleanup_errors=True) as folder:
            home = Home(Path(folder))
            output = self._output = NodeOutput(
                home.runs, messages.put, status_seconds=status_seconds
            )

            def work() -> None:
                try:
                    output.place(run.id, files)
                    output.run_folder(run.id).mkdir(parents=True, exist_ok=True)
                    for short, content in sources.items():
                        home.sources.mkdir(parents=True, exist_ok=True)
                        write_atomic(source_path(home.sources, short), content)
                    train_run(output, run, home, 0, self._mnist)
                    output.close(run.id)
                finally:
                    messages.put(None)

            # In a thread: `train` is a generator of what the training only writes.
            thread = threading.Thread(target=work, daemon=True)
            thread.start()
            try:
                yield Status(Phase.TRAIN)
                while (message := messages.get()) is not None:
                    yield message
                thread.join()
            finally:
                self._output = None


def _has_own_session() -> bool:
    """Leave the session of Ray's processes, which may be that of a person's terminal; whether that
    succeeded.

    Linux groups processes by session, and it is the group whose priority a training lowers.
    """
    with contextlib.suppress(OSError, AttributeError):
        # Ray makes it the leader of a process group; a leader cannot leave the session.
        os.setpgid(0, os.getpgid(os.getppid()))
        os.setsid()
        return True
    return False
