"""The speed benchmark: in a separate process, never during a training, saved atomically."""

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from mnistlab.arch.spec import parse
from mnistlab.arch.summary import summarize
from mnistlab.errors import LabError
from mnistlab.home import Home
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.store import Store
from mnistlab.worker import processes, timing
from mnistlab.worker.benchmark import (
    BenchmarkError,
    is_running,
    load_speed_model,
    run_benchmark,
    start_benchmark,
)
from mnistlab.worker.processes import worker_lock
from tests.waiting import until

SMALL = [("4-p4-p-gap", 64), ("8-p-8-gap-bn", 32)]


def ignore(what: str, share: float) -> None:
    pass


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(timing, "NETWORKS", SMALL)
    monkeypatch.setenv("MNISTLAB_THREADS", "1")
    return Home(tmp_path)


def test_a_benchmark_is_saved_and_reports_its_progress(home: Home) -> None:
    assert load_speed_model(home) is None and not is_running(home)
    fractions: list[float] = []

    def record_fraction(what: str, share: float) -> None:
        fractions.append(share)
        assert is_running(home)
        with pytest.raises(BenchmarkError, match="already"):
            run_benchmark(home, ignore)

    known = run_benchmark(home, record_fraction)
    assert load_speed_model(home) == known and not is_running(home)
    assert fractions == [0.0, 0.5, 1.0] and [one.network for one in known.timings] == [
        "4-p4-p-gap",
        "8-p-8-gap-bn",
    ]
    assert known.epoch_seconds(summarize(parse("8-p-8-gap-bn")), Recipe()) > 0


def test_no_benchmark_runs_during_a_training(home: Home) -> None:
    with worker_lock(home) as held:
        assert held
        for way in (lambda: start_benchmark(home), lambda: run_benchmark(home, ignore)):
            with pytest.raises(BenchmarkError, match="is training"):
                way()
    assert load_speed_model(home) is None and not is_running(home)


def test_a_run_that_was_queued_meanwhile_is_started_afterwards(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Home] = []
    monkeypatch.setattr(processes, "start_worker", started.append)

    def queue(what: str, share: float) -> None:
        if share == 0.5:
            processes.submit(home, "meanwhile", parse("8-p-8-gap"), Recipe())
            assert not started, "the place is taken"

    run_benchmark(home, queue)
    assert started == [home] and Store(home.runs).queue()


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"timings": []}', b"[" * 100_000])
def test_a_damaged_benchmark_is_reported_and_can_be_repeated(home: Home, content: bytes) -> None:
    home.speed_model.write_bytes(content)
    with pytest.raises(LabError):
        load_speed_model(home)
    assert run_benchmark(home, ignore) == load_speed_model(home)


@pytest.mark.slow
def test_a_killed_benchmark_is_not_running_and_leaves_nothing(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    pids: list[int] = []
    popen = subprocess.Popen

    def start(*arguments: Any, **more: Any) -> "subprocess.Popen[bytes]":
        process: subprocess.Popen[bytes] = popen(*arguments, **more)
        pids.append(process.pid)
        return process

    monkeypatch.setattr(subprocess, "Popen", start)
    start_benchmark(home)
    until(lambda: is_running(home))
    with pytest.raises(BenchmarkError):
        start_benchmark(home)
    os.kill(pids[0], signal.SIGKILL)
    until(lambda: not is_running(home))
    assert load_speed_model(home) is None
    start_benchmark(home)
    until(lambda: load_speed_model(home))
    until(lambda: not is_running(home))
    assert time.strptime(load_speed_model(home).day, "%Y-%m-%d")  # type: ignore[union-attr]
