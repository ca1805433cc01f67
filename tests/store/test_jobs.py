"""Detached processes and their log files."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from mnistlab.home import Home
from mnistlab.worker.processes import MAX_LOG, spawn_detached


def test_a_long_log_is_emptied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def spawn(*values: object, stdout: Any, **more: object) -> None:
        stdout.write(b"said\n")

    monkeypatch.setattr(subprocess, "Popen", spawn)
    home = Home(tmp_path)
    log = home.runs / "any.log"
    for _ in range(2):
        spawn_detached(home, "any", log="any.log")
    assert log.read_bytes() == b"said\n" * 2
    log.write_bytes(b"x" * (MAX_LOG + 1))
    spawn_detached(home, "any", log="any.log")
    assert log.read_bytes() == b"said\n"
