"""A class in three browsers, two students and the teacher: joining, rights, a new start, a task."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mnistlab.arch.presets import PRESETS
from mnistlab.classroom.lessons import LESSONS
from mnistlab.home import Home
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.classroom import people
from mnistlab.store.run import Request
from mnistlab.store.store import Store
from tests.browser.conftest import App, end, serve, settled

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@dataclass
class Lesson:
    """A served class, and the link of its teacher."""

    app: App
    home: Home
    store: Store
    source_path: str


@pytest.fixture
def lesson(home_folder: Path) -> Iterator[Lesson]:
    home = Home(home_folder).of_class("7b")
    store = Store(home.runs)
    token = people.token_of(store, people.open_class(store, "7b <b>").id)
    lesson = Lesson(
        serve(home.root, class_name=home.class_name), home, store, f"/lab/enter/{token}"
    )
    yield lesson
    end(lesson.app)
    for run in [*store.queue(), *store.running()]:
        store.request(run.id, Request.STOP)


def new_page(chromium: "Browser") -> "Page":
    return chromium.new_context(viewport={"width": 1280, "height": 720}).new_page()


def join(page: "Page", url: str) -> str:
    """Join by the form; the name that was drawn."""
    from playwright.sync_api import expect

    page.goto(url)
    expect(page.get_by_role("heading", name="Join 7b <b>")).to_be_visible()
    name = page.locator(".name").inner_text()
    page.get_by_role("button", name="Join").click()
    settled(page)
    expect(page.get_by_role("button", name=name)).to_be_visible()
    return name


def test_two_students_and_the_teacher(page: "Page", chromium: "Browser", lesson: Lesson) -> None:
    """`page` is only there because its fixture closes what this test opens."""
    from playwright.sync_api import expect

    url = lesson.app.url
    one, two, teacher = (new_page(chromium) for _ in range(3))

    # Three spins, and no more; the deep link is kept through all of it.
    one.goto(f"{url}/train?net=target-2")
    for left in (2, 1, 0):
        one.get_by_role("button", name="Spin again").click()
        expect(one.get_by_role("button", name=f"Spin again ({left} left)")).to_be_visible()
    expect(one.get_by_role("button", name="Spin again")).to_be_disabled()
    first = one.locator(".name").inner_text()
    one.get_by_role("button", name="Join").click()
    settled(one)
    expect(one.get_by_role("button", name=first)).to_be_visible()
    assert "/train?net=" in one.url
    expect(one.get_by_label("Owner")).to_have_count(0)
    second = join(two, url)
    assert second != first
    teacher.goto(url + lesson.source_path)
    settled(teacher)
    expect(teacher.get_by_role("button", name="Teacher")).to_be_visible()

    # A run of the first student: the second one can look at it, and change nothing.
    person = next(p for p in people.people(lesson.store) if p.name == first)
    owner = Store(lesson.home.runs, actor=person.actor)
    run_id = owner.add("mine", PRESETS[3].spec, Recipe(epochs=1), "")
    owner.request(run_id, Request.STOP)
    for each, may in ((one, True), (two, False), (teacher, True)):
        each.goto(f"{url}/run?run={run_id}&tab=Notes")
        settled(each)
        save = each.get_by_role("button", name="Save notes")
        expect(save).to_be_enabled() if may else expect(save).to_be_disabled()
        expect(each.get_by_text(f"belongs to {first}")).to_have_count(0 if may else 1)

    # The server dies and starts again: everybody is who they were.
    lesson.app.process.kill()
    lesson.app.process.wait()
    lesson.app = serve(lesson.home.root, class_name=lesson.home.class_name)
    for each, name in ((one, first), (two, second), (teacher, "Teacher")):
        # Cookies do not know ports, and the new server has another one.
        each.goto(lesson.app.url)
        settled(each)
        expect(each.get_by_role("button", name=name)).to_be_visible()

    # The own link opens a second device as the same person.
    one.get_by_role("button", name=first).click()
    link = one.locator(".lab-who code").inner_text()
    phone = new_page(chromium)
    phone.goto(lesson.app.url + link[link.index("/lab/") :])
    settled(phone)
    expect(phone.get_by_role("button", name=first)).to_be_visible()

    # Somebody whom the teacher removes is out at the next refresh or click, and others stay.
    one.goto(f"{lesson.app.url}/class")
    expect(one.get_by_text("Join at")).to_be_visible()
    people.remove(lesson.store, person.id)
    expect(one.get_by_text("You are no longer in this class")).to_be_visible()
    expect(one.get_by_text("Join at")).to_have_count(0)
    one.goto(f"{lesson.app.url}/runs")
    expect(one.get_by_role("heading", name="Join 7b <b>")).to_be_visible()
    two.goto(f"{lesson.app.url}/runs")
    settled(two)
    expect(two.get_by_role("button", name=second)).to_be_visible()
    assert lesson.store.run(run_id) is None


def test_a_task_locks_the_students_pages_and_not_the_teacher_s(
    page: "Page", chromium: "Browser", lesson: Lesson
) -> None:
    from playwright.sync_api import expect

    url, task = lesson.app.url, LESSONS[2].task
    one, two, teacher = (new_page(chromium) for _ in range(3))
    join(one, url)
    join(two, url)
    teacher.goto(url + lesson.source_path)
    settled(teacher)
    one.goto(f"{url}/design")
    two.goto(f"{url}/train?net=8-p-gap")
    start = two.get_by_role("button", name="Start training")
    expect(start).to_be_enabled()

    # The teacher chooses a lesson: both students' open pages have it by themselves.
    teacher.goto(f"{url}/class?tab=Task")
    settled(teacher)
    teacher.get_by_role("button", name="3 · Batch norm").click()
    for each in (one, two):
        expect(each.locator(".st-key-task").get_by_text(task.sentence)).to_be_visible()
    expect(start).to_be_disabled()
    expect(two.get_by_text("The task locks").first).to_be_visible()

    # What the task leaves open can be changed, and nothing else; not with an address either.
    one.goto(f"{url}/design")
    settled(one)
    expect(one.get_by_label("Batch norm", exact=True)).to_be_enabled()
    for locked in ("Dropout rate", "Filters of conv1"):
        expect(one.get_by_label(locked, exact=True)).to_be_disabled()
    two.get_by_role("button", name="Open the task's network").click()
    expect(two.get_by_text("The task locks layers")).to_have_count(0)
    two.goto(f"{url}/train?net=8-p-gap")
    settled(two)
    expect(start).to_be_disabled()
    teacher.goto(f"{url}/train?net=8-p-gap")
    settled(teacher)
    expect(teacher.get_by_role("button", name="Start training")).to_be_enabled()

    # The end of the task opens both pages again.
    teacher.goto(f"{url}/class?tab=Task")
    settled(teacher)
    teacher.get_by_role("button", name="End the task").click()
    expect(one.get_by_label("Dropout rate", exact=True)).to_be_enabled()
    expect(start).to_be_enabled()


def test_nothing_leaves_the_machine(page: "Page", chromium: "Browser", lesson: Lesson) -> None:
    """Joining and every page of the class, with all other hosts cut off."""
    one = new_page(chromium)
    others: list[str] = []
    one.on(
        "request",
        lambda request: (
            others.append(request.url)
            if not request.url.startswith((lesson.app.url, "data:", "blob:"))
            and not request.url.startswith(lesson.app.url.replace("http", "ws"))
            else None
        ),
    )
    join(one, lesson.app.url)
    for name in ("design", "train", "runs", "experiments", "draw"):
        one.goto(f"{lesson.app.url}/{name}")
        settled(one)
    assert not others


def test_a_person_alone_sees_nothing_of_classes(page: "Page", app: App) -> None:
    from playwright.sync_api import expect

    page.goto(app.url)
    settled(page)
    expect(page.locator(".st-key-identity")).to_have_count(0)
    response = page.goto(f"{app.url}/lab/join")
    assert response and response.status == 404
