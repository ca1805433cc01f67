"""What local workers train, for the tests of a real cluster."""

from pathlib import Path

import pytest

from tests.cluster.real_runs import new_home, set_up, train_all, weights


@pytest.fixture(scope="session")
def expected(tmp_path_factory: pytest.TempPathFactory, mnist_folder: Path) -> list[bytes]:
    """The weights and figures of all seeds."""
    with pytest.MonkeyPatch.context() as patch:
        set_up(patch)
        patch.setenv("MNISTLAB_WORKERS", "2")
        home = new_home(tmp_path_factory.mktemp("local"), mnist_folder)
        return weights(home, train_all(home))
