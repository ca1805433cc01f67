"""The garbage collector passes over what stays, and over nothing that comes and goes."""

import gc
import sys
import tomllib
import types
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mnistlab.ui.common import memory

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    """As in a server that has just started; afterwards as it was."""
    memory._freeze.cache_clear()
    gc.unfreeze()
    yield
    memory._freeze.cache_clear()
    gc.unfreeze()


def test_nothing_is_frozen_again_until_many_modules_came_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    memory.freeze_modules()
    frozen = gc.get_freeze_count()
    assert frozen > 10_000
    later = [[n] for n in range(1000)]
    memory.freeze_modules()
    assert gc.get_freeze_count() <= frozen < frozen + len(later)
    for n in range(memory.STEP):
        monkeypatch.setitem(sys.modules, f"came_in_{n}", types.ModuleType(f"came_in_{n}"))
    memory.freeze_modules()
    assert gc.get_freeze_count() > frozen


def test_a_page_freezes_the_objects_of_its_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNISTLAB_HOME", str(tmp_path))
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert not at.exception and gc.get_freeze_count() > 10_000


def test_the_server_neither_watches_files_nor_collects_after_each_run() -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    assert config["server"]["fileWatcherType"] == "none"
    assert config["runner"]["postScriptGC"] is False
