"""The cluster's machines while its head answers, is silent, and is lost."""

from typing import Any

import pytest

from mnistlab.cluster.machines import LOST_SECONDS, TOLD_SECONDS, Machines
from mnistlab.errors import LabError
from tests.waiting import until


def test_a_silent_head_is_told_and_then_given_up() -> None:
    now = 100.0
    answer: list[dict[str, Any]] = [{"Alive": True, "name": "a"}, {"Alive": False, "name": "b"}]
    machines = Machines(lambda: answer, lambda: now)
    assert machines.alive() == answer[:1] and machines.listed == answer
    now += TOLD_SECONDS - 1
    assert not machines.problem()
    now += 3
    assert "not answered for 7 s" in machines.problem()
    machines.check()
    now = 100.0 + LOST_SECONDS + 1
    with pytest.raises(LabError, match="head of the Ray cluster"):
        machines.check()
    machines.ask()
    machines.check()
    assert not machines.problem(), "it is back"


def test_it_asks_until_nobody_wants_to_know(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mnistlab.cluster.machines.ASK_SECONDS", 0.001)
    n_asked = 0

    def ask() -> list[dict[str, Any]]:
        nonlocal n_asked
        n_asked += 1
        return []

    machines = Machines(ask)
    assert n_asked == 1
    with machines.watching():
        until(lambda: n_asked > 3)
