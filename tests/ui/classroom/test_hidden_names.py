"""In a class that hides names, no page and no download of it has another student's name."""

import io
import zipfile
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mnistlab.actor import Actor
from mnistlab.classroom.rules import Rules
from mnistlab.handwriting import collection
from mnistlab.handwriting.drawings import validate
from mnistlab.store.classroom import people
from mnistlab.ui import server
from mnistlab.ui.classroom import session
from tests.drawn_digits import DIGITS
from tests.store.classroom.a_class import RECIPE, SPEC, ExampleClass, open_example
from tests.store.example_runs import add_finished_run
from tests.ui.app_test import ROOT, run, settled

NAME = "Zorblax"
ICONS = (":material/download:", ":material/description:")
"""Of the buttons that make a file."""
VIEWS = [
    *((f"pages/{path.name}", {}) for path in sorted(ROOT.glob("pages/*.py"))),
    *((f"pages/{name}.py", {"run": "1,2"}) for name in ("train", "compare")),
    *(("pages/run.py", {"run": "1", "tab": tab}) for tab in ("Notes", "Export")),
    ("app.py", {}),
]


@pytest.fixture
def example(lab: Path, monkeypatch: pytest.MonkeyPatch) -> ExampleClass:
    """Runs and a drawing of somebody called NAME; one of their runs waits."""
    example = open_example(lab)
    for name, value in example.home.environment().items():
        monkeypatch.setenv(name, value)
    people.rename(example.teacher, example.ada.actor.person or 0, NAME)
    add_finished_run(example.ada, SPEC, RECIPE, [60, 70])
    add_finished_run(example.bob, SPEC, RECIPE, [80, 90])
    example.ada.add("waits", SPEC, RECIPE)
    collection.save(example.ada, validate(3, NAME, DIGITS[3]))
    return example


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What download buttons have made; a zip's files one by one."""
    made = list[bytes]()

    def offer(content: bytes, name: str) -> str:
        made.append(content)
        if name.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                made.extend(map(archive.read, archive.namelist()))
        return "x"

    monkeypatch.setattr(server, "offer", offer)
    return made


def everything(at: AppTest) -> str:
    """All that a page sends to the browser."""
    return " ".join(str(node.proto) for node in at.main if getattr(node, "proto", None))


def look_as(monkeypatch: pytest.MonkeyPatch, actor: Actor) -> None:
    monkeypatch.setattr(session, "session_actor", lambda home: actor)


@pytest.mark.parametrize("page, query", VIEWS)
def test_no_page_has_the_name(
    example: ExampleClass, monkeypatch: pytest.MonkeyPatch, page: str, query: dict[str, str]
) -> None:
    people.set_rules(example.teacher, Rules(hides_names=True))
    look_as(monkeypatch, example.bob.actor)
    assert NAME not in everything(run(page, **query))


@pytest.mark.parametrize(
    "page, query", [("runs", {}), ("train", {"run": "3"}), ("handwriting", {}), ("class", {})]
)
def test_these_pages_have_it_if_names_are_shown(
    example: ExampleClass, monkeypatch: pytest.MonkeyPatch, page: str, query: dict[str, str]
) -> None:
    look_as(monkeypatch, example.bob.actor)
    assert NAME in everything(run(f"pages/{page}.py", **query))


@pytest.mark.parametrize(
    "page, query",
    [
        ("runs", {}),
        ("handwriting", {}),
        ("run", {"run": "1", "tab": "Export"}),
        ("compare", {"run": "1,2"}),
    ],
)
def test_no_download_has_the_name(
    example: ExampleClass,
    monkeypatch: pytest.MonkeyPatch,
    files: list[bytes],
    page: str,
    query: dict[str, str],
) -> None:
    def with_name(actor: Actor) -> int:
        files.clear()
        look_as(monkeypatch, actor)
        at = run(f"pages/{page}.py", **query)
        for label in [each.label for each in at.button if each.icon in ICONS]:
            next(each for each in at.button if each.label == label).click()
            settled(at)
        assert files
        return sum(NAME.encode() in content for content in files)

    people.set_rules(example.teacher, Rules(hides_names=True))
    assert with_name(example.teacher.actor) and not with_name(example.bob.actor)
