"""Measuring this machine: apart from the app, never beside a training, whole or not at all."""

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from mnistlab.arch.ledger import ledger
from mnistlab.arch.spec import parse
from mnistlab.errors import LabError
from mnistlab.home import Home
from mnistlab.runs import jobs
from mnistlab.runs.calibration import CalibrationError, begin, measure, stored, under_way
from mnistlab.runs.jobs import worker_lock
from mnistlab.runs.store import Store
from mnistlab.training import timing
from mnistlab.training.recipe import Recipe
from tests.waiting import until

SMALL = [("4-p4-p-gap", 64), ("8-p-8-gap-bn", 32)]


def ignore(what: str, share: float) -> None:
    pass


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(timing, "NETWORKS", SMALL)
    monkeypatch.setenv("MNISTLAB_THREADS", "1")
    return Home(tmp_path)


def test_what_is_measured_is_stored_whole_and_says_where_it_stood(lab: Home) -> None:
    assert stored(lab) is None and not under_way(lab)
    heard: list[float] = []

    def hear(what: str, share: float) -> None:
        heard.append(share)
        assert under_way(lab)
        with pytest.raises(CalibrationError, match="already"):
            measure(lab, ignore)

    known = measure(lab, hear)
    assert stored(lab) == known and not under_way(lab)
    assert heard == [0.0, 0.5, 1.0] and [one.network for one in known.timings] == [
        "4-p4-p-gap",
        "8-p-8-gap-bn",
    ]
    assert known.epoch_seconds(ledger(parse("8-p-8-gap-bn")), Recipe()) > 0


def test_nothing_is_measured_beside_a_training(lab: Home) -> None:
    with worker_lock(lab) as held:
        assert held
        for way in (lambda: begin(lab), lambda: measure(lab, ignore)):
            with pytest.raises(CalibrationError, match="being trained"):
                way()
    assert stored(lab) is None and not under_way(lab)


def test_a_run_that_was_queued_meanwhile_is_started_afterwards(
    lab: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Home] = []
    monkeypatch.setattr(jobs, "start_worker", started.append)

    def queue(what: str, share: float) -> None:
        if share == 0.5:
            jobs.submit(lab, "meanwhile", parse("8-p-8-gap"), Recipe())
            assert not started, "the place is taken"

    measure(lab, queue)
    assert started == [lab] and Store(lab.runs).queue()


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"timings": []}', b"[" * 100_000])
def test_a_damaged_measurement_is_a_sentence_and_can_be_made_again(
    lab: Home, content: bytes
) -> None:
    lab.calibration.write_bytes(content)
    with pytest.raises(LabError):
        stored(lab)
    assert measure(lab, ignore) == stored(lab)


@pytest.mark.slow
def test_a_killed_measurement_is_not_under_way_and_leaves_nothing(
    lab: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    pids: list[int] = []
    popen = subprocess.Popen

    def start(*arguments: Any, **more: Any) -> "subprocess.Popen[bytes]":
        process: subprocess.Popen[bytes] = popen(*arguments, **more)
        pids.append(process.pid)
        return process

    monkeypatch.setattr(subprocess, "Popen", start)
    begin(lab)
    until(lambda: under_way(lab))
    with pytest.raises(CalibrationError):
        begin(lab)
    os.kill(pids[0], signal.SIGKILL)
    until(lambda: not under_way(lab))
    assert stored(lab) is None
    begin(lab)
    until(lambda: stored(lab))
    until(lambda: not under_way(lab))
    assert time.strptime(stored(lab).day, "%Y-%m-%d")  # type: ignore[union-attr]
