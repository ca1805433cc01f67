"""What holds for every page that a test opens."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st

from mnistlab import zoo
from mnistlab.markup import Markup
from mnistlab.store.store import Store
from mnistlab.worker import processes
from tests.ui.app_test import ROOT


@pytest.fixture(autouse=True)
def only_markup_is_shown_as_html(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A page never hands `st.html` a text that was put together by hand."""
    show, refused = st.html, []

    def checked(body: object, *args: object, **kwargs: object) -> object:
        if not isinstance(body, Markup):
            refused.append(body)
        return show(body, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(st, "html", checked)
    yield
    assert not refused


@pytest.fixture(autouse=True)
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder where the app saves everything; no process trains what is queued there."""
    monkeypatch.setenv("MNISTLAB_HOME", str(tmp_path))
    monkeypatch.setattr(processes, "start_worker", lambda home: None)
    monkeypatch.chdir(ROOT)
    return tmp_path


@pytest.fixture
def store(lab: Path) -> Store:
    return Store(lab / "runs")


@pytest.fixture
def damaged_uncertainty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The only pretrained checkpoint is *sketch*, whose uncertainty model cannot be read."""
    folder = tmp_path / "zoo"
    folder.mkdir()
    shutil.copy(zoo.default_checkpoint(), folder)
    (folder / "sketch.uncertainty").write_bytes(b"x")
    monkeypatch.setattr(zoo, "FOLDER", folder)
