"""A class in three browsers, two students and the teacher: joining, rights, a new start, a task."""

import re
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
from mnistlab.ui.classroom.session import cookie_name
from tests.browser.conftest import App, end, serve, settled
from tests.store.example_runs import add_finished_run

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


def seat(lesson: Lesson, page: "Page", person: people.Person) -> None:
    """Let a browser be a person's who has joined, and look at the board."""
    token = people.token_of(lesson.store, person.id)
    page.context.add_cookies(
        [{"name": cookie_name(lesson.home), "value": token, "url": lesson.app.url}]
    )
    page.goto(f"{lesson.app.url}/class")
    settled(page)


def add_result(lesson: Lesson, person: people.Person, n_errors: int) -> int:
    """A finished run of a person."""
    store = Store(lesson.home.runs, actor=person.actor)
    return add_finished_run(store, PRESETS[3].spec, Recipe(epochs=1), [n_errors])


def test_the_board_grows_keeps_focus_and_place_and_opens_a_run(
    page: "Page", chromium: "Browser", lesson: Lesson
) -> None:
    from playwright.sync_api import expect

    students = [people.join(lesson.store, f"Student {n}") for n in range(30)]
    board = new_page(chromium)
    seat(lesson, board, students[0])
    expect(board.get_by_text("30 students joined")).to_be_visible()
    code = board.locator(".lab-board-join img")
    start = code.bounding_box()
    for n, person in enumerate(students):
        add_result(lesson, person, 60 + n)
    table = board.locator(".lab-board-table")
    expect(table.get_by_role("link")).to_have_count(30)
    now = code.bounding_box()
    assert start and now and start["width"] > 2 * now["width"], "the address is large until then"

    # Somebody's result comes: what has the focus stays where it is and keeps it.
    link = table.get_by_role("link", name="Student 20", exact=True)
    link.focus()
    place = table.evaluate("node => node.scrollTop")
    assert place > 0
    best = add_result(lesson, students[9], 10)
    expect(board.locator(".lab-board-head li").first).to_contain_text("Student 9 reached 99.90%")
    expect(table.locator("tbody tr").first).to_contain_text("Student 9")
    expect(link).to_be_focused()
    assert table.evaluate("node => node.scrollTop") == place

    table.get_by_role("link", name="Student 9", exact=True).click()
    expect(board).to_have_url(re.compile(rf"/run\?run={best}$"))


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1366, 768), (1280, 720)])
def test_the_board_fills_the_window_and_no_more(
    page: "Page", chromium: "Browser", lesson: Lesson, width: int, height: int
) -> None:
    from playwright.sync_api import expect

    students = [people.join(lesson.store, f"Student {n}") for n in range(30)]
    for n, person in enumerate(students):
        add_result(lesson, person, 60 + n)
    board = new_page(chromium)
    board.set_viewport_size({"width": width, "height": height})
    seat(lesson, board, students[0])
    expect(board.locator(".st-key-board .plot .legend")).to_be_visible()
    box = board.locator(".st-key-board").bounding_box()
    assert box and 0.93 * height <= box["y"] + box["height"] <= height
    chart, table = (
        board.locator(f".st-key-board {name}").bounding_box() for name in (".plot", "table")
    )
    assert chart and table and chart["height"] > 0.55 * height
    drawn = board.locator(".st-key-board .plot .main-svg").first.bounding_box()
    assert drawn and abs(drawn["height"] - chart["height"]) < 1
    board.set_viewport_size({"width": 390, "height": 844})
    expect(board.locator(".st-key-board .plot")).to_have_css("height", "500px")
    assert board.evaluate("document.documentElement.scrollWidth") == 390


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
