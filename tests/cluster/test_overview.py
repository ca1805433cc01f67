"""The file with what a cluster does."""

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from mnistlab.cluster.overview import (
    FILE,
    STALE_SECONDS,
    Overview,
    concurrency,
    read_overview,
    remove_overview,
    why_nothing_trains,
    write_overview,
)
from mnistlab.home import Home
from mnistlab.ui.train import cluster_panel

NODES = ({"name": "a", "cores": 4, "alive": True}, {"name": "b", "cores": 2, "alive": False})


def test_it_is_read_as_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNISTLAB_WORKERS", "2")
    home = Home(tmp_path)
    assert read_overview(home) is None and concurrency(home) == 2
    overview = Overview(time.time(), 6, NODES, {3: "a", 4: "b"}, 2, "All cores are in use.")
    write_overview(home, overview)
    assert read_overview(home) == overview and concurrency(home) == 6
    assert not why_nothing_trains(home), "something does"
    idle = replace(overview, runs={})
    write_overview(home, idle)
    assert why_nothing_trains(home) == "All cores are in use."
    silent = replace(idle, problem="The head is silent.", waiting="")
    write_overview(home, silent)
    assert read_overview(home) == silent
    assert why_nothing_trains(home) == "The head is silent."
    assert cluster_panel.summary(silent).endswith(" The head is silent.")
    remove_overview(home)
    assert read_overview(home) is None


@pytest.mark.parametrize(
    "content", ["", "[]", "{", "null", '{"time": 1}', "[" * 100_000, '{"nodes": [1], "runs": 3}']
)
def test_a_damaged_or_old_one_counts_as_none(tmp_path: Path, content: str) -> None:
    home = Home(tmp_path)
    home.runs.mkdir()
    (home.runs / FILE).write_text(content)
    assert read_overview(home) is None
    write_overview(home, Overview(time.time() - STALE_SECONDS - 1, 1, NODES, {}))
    assert json.loads((home.runs / FILE).read_text())["nodes"]
    assert read_overview(home) is None
