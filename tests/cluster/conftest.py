"""What local workers train, and a lab on a module's `cluster`, for the tests of a real one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mnistlab.home import Home
from mnistlab.store.run import Request
from mnistlab.store.store import Store
from mnistlab.worker import cluster_setting
from tests.cluster.real_runs import new_home, set_up, train_all, wait, weights


@pytest.fixture(scope="session")
def expected(tmp_path_factory: pytest.TempPathFactory, mnist_folder: Path) -> list[bytes]:
    """The weights and figures of all seeds."""
    with pytest.MonkeyPatch.context() as patch:
        set_up(patch)
        patch.setenv("MNISTLAB_WORKERS", "2")
        home = new_home(tmp_path_factory.mktemp("local"), mnist_folder)
        return weights(home, train_all(home))


@pytest.fixture
def home(
    cluster: Any, tmp_path: Path, mnist_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Home]:
    """A lab whose runs train on the cluster."""
    set_up(monkeypatch, cluster.address)
    home = new_home(tmp_path, mnist_folder)
    yield home
    store = Store(home.runs)
    for run in (*store.queue(), *store.running()):
        store.request(run.id, Request.STOP)
    wait(lambda: not cluster_setting.has_dispatcher(home))
