"""Somebody whom the teacher has removed, or given a new link, and whose pages are still open."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mnistlab.store.classroom import people
from mnistlab.store.run import State
from mnistlab.ui import server
from mnistlab.ui.classroom import session
from tests.store.classroom.a_class import RECIPE, SPEC, ExampleClass, open_example
from tests.store.example_runs import add_finished_run
from tests.ui.app_test import ROOT, body, run, settled

WHY = "You are no longer in this class"


@pytest.fixture
def example(lab: Path, monkeypatch: pytest.MonkeyPatch) -> ExampleClass:
    """A class whose pages belong to Ada, by the token that she has at the start."""
    example = open_example(lab)
    for name, value in example.home.environment().items():
        monkeypatch.setenv(name, value)
    token = people.token_of(example.lab, ada(example))
    actor_of = people.actor_of
    monkeypatch.setattr(session, "session_actor", lambda home: actor_of(example.lab, token))
    return example


def ada(example: ExampleClass) -> int:
    return example.ada.actor.person or 0


def remove(example: ExampleClass) -> None:
    people.remove(example.teacher, ada(example))


def renew(example: ExampleClass) -> None:
    people.renew_token(example.teacher, ada(example))


def click(at: AppTest, label: str) -> AppTest:
    next(each for each in at.button if each.label == label).click()
    return settled(at)


@pytest.mark.parametrize("leave", [remove, renew])
def test_the_next_click_starts_nothing_and_says_why(
    example: ExampleClass, leave: Callable[[ExampleClass], None]
) -> None:
    at = run("pages/train.py")
    leave(example)
    at = click(at, "Start training")
    assert WHY in body(at) and not at.button
    assert not example.lab.queue()


def test_a_button_of_one_s_own_run_changes_nothing(example: ExampleClass) -> None:
    run_id = example.ada.add("mine", SPEC, RECIPE)
    at = run("pages/train.py", run=str(run_id))
    renew(example)
    at = click(at, "Cancel")
    assert WHY in body(at)
    run_ = example.lab.run(run_id)
    assert run_ and run_.state is State.QUEUED and not run_.request


def test_a_download_makes_no_file(example: ExampleClass, monkeypatch: pytest.MonkeyPatch) -> None:
    add_finished_run(example.bob, SPEC, RECIPE, [60, 70])
    offered = list[str]()

    def offer(content: bytes, name: str) -> str:
        offered.append(name)
        return "x"

    monkeypatch.setattr(server, "offer", offer)
    at = click(run("pages/runs.py"), "Download table (CSV)")
    assert offered == ["runs.csv"]
    remove(example)
    assert WHY in body(click(at, "Download table (CSV)"))
    assert offered == ["runs.csv"]


@pytest.mark.parametrize("page", ["app.py", *(f"pages/{p.name}" for p in ROOT.glob("pages/*.py"))])
def test_every_page_says_why_and_shows_nothing_else(example: ExampleClass, page: str) -> None:
    example.bob.add("secret run", SPEC, RECIPE)
    remove(example)
    at = run(page)
    assert WHY in body(at) and "secret run" not in body(at)
    assert not at.title and not at.button


def test_parts_that_are_drawn_without_their_page_ask_too() -> None:
    """Streamlit's own fragment does not."""
    own = {
        path.name for path in (ROOT / "mnistlab").rglob("*.py") if "st.fragment" in path.read_text()
    }
    assert own == {"page.py"}
