"""The teacher's page of each lesson says what its task is set to."""

import re
from pathlib import Path

import pytest

from mnistlab.arch.spec import parse
from mnistlab.arch.summary import summarize
from mnistlab.classroom.lessons import LESSONS, Lesson
from mnistlab.classroom.task import conditions, listed

FOLDER = Path(__file__).parents[2] / "docs" / "lessons"
NAMES = [lesson.name for lesson in LESSONS]


@pytest.mark.parametrize("lesson", LESSONS, ids=NAMES)
def test_a_page_has_its_task(lesson: Lesson) -> None:
    text = (FOLDER / f"{lesson.name}.md").read_text("utf-8")
    rows = dict(re.findall(r"(?m)^\| ([\w ]+) \| (.*) \|$", text))
    task = lesson.task
    assert text.startswith(f"# {lesson.title}\n") and f"> {task.sentence}\n" in text
    total = summarize(task.network).total
    assert rows["Network"].startswith(f"`{task.network}` ({total:,} parameters")
    assert rows["Recipe"] == str(task.recipe)
    assert rows["May be changed"] == listed(task.controls)
    assert rows["Solved with"] == conditions(task)


@pytest.mark.parametrize("lesson", LESSONS, ids=NAMES)
def test_a_page_s_networks_can_be_built(lesson: Lesson) -> None:
    text = (FOLDER / f"{lesson.name}.md").read_text("utf-8")
    networks = re.findall(r"`(\d[\w.-]+-full[\w.-]*)`", text)
    assert len({*networks}) >= 2, "the task's and another one to vote on"
    for network in networks:
        summarize(parse(network))


def test_the_overview_links_to_each_page() -> None:
    linked = re.findall(r"\]\(([\w-]+)\.md\)", (FOLDER / "README.md").read_text("utf-8"))
    assert linked == NAMES == sorted(path.stem for path in FOLDER.glob("[0-9]*.md"))
