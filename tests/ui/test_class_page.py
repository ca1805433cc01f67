"""The page of a class, as a student and as the teacher see it."""

import csv
import io
import re
from pathlib import Path

import pytest

from mnistlab.actor import Actor
from mnistlab.charts.class_board import class_board
from mnistlab.classroom.rules import Rules
from mnistlab.report.classroom import class_report
from mnistlab.report.html import html
from mnistlab.report.markdown import markdown
from mnistlab.store.classroom import people
from mnistlab.store.classroom.standings import activity_by_person, standings
from mnistlab.store.exchange.export import standings_csv
from mnistlab.ui.classroom import session
from tests.store.classroom.a_class import RECIPE, SPEC, ExampleClass, open_example
from tests.store.example_runs import add_finished_run
from tests.ui.app_test import body, run, settled

PAGE = "pages/class.py"


@pytest.fixture
def example(lab: Path, monkeypatch: pytest.MonkeyPatch) -> ExampleClass:
    example = open_example(lab)
    for name, value in example.home.environment().items():
        monkeypatch.setenv(name, value)
    add_finished_run(example.ada, SPEC, RECIPE, [60, 70], name="secret name")
    return example


def look_as(monkeypatch: pytest.MonkeyPatch, actor: Actor) -> None:
    monkeypatch.setattr(session, "session_actor", lambda home: actor)


def test_a_student_sees_the_board_and_no_controls(
    example: ExampleClass, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_as(monkeypatch, example.ada.actor)
    at = run(PAGE)
    assert "Ada (you)" in body(at) and "99.40%" in body(at)
    assert "secret name" not in body(at), "nothing but the nickname"
    assert not at.button and not at.text_input and not at.get("tab")


def test_hidden_names_are_not_in_the_page(
    example: ExampleClass, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.set_rules(example.teacher, Rules(hides_names=True))
    look_as(monkeypatch, example.bob.actor)
    assert "Ada" not in body(run(PAGE))
    look_as(monkeypatch, example.ada.actor)
    assert "You" in body(run(PAGE)) and "Ada" not in body(run(PAGE))


def test_the_table_s_names_are_links_to_the_runs(
    example: ExampleClass, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_as(monkeypatch, example.bob.actor)
    assert re.search('<a href="run\\?run=1"[^>]*>Ada</a>', body(run(PAGE)))
    people.set_rules(example.teacher, Rules(hides_names=True))
    at = run(PAGE)
    assert re.search('<a href="run\\?run=1"[^>]*>Run 1</a>', body(at))
    at.session_state["standings"] = {"opened": 1}
    assert settled(at).query_params["run"] == "1"


@pytest.mark.parametrize("value", [None, "1", -1, 2, 1.5, [], {"a": 1}])
def test_a_forged_click_opens_nothing(
    example: ExampleClass, monkeypatch: pytest.MonkeyPatch, value: object
) -> None:
    look_as(monkeypatch, example.bob.actor)
    at = run(PAGE)
    at.session_state["standings"] = {"opened": value}
    assert "Ada" in body(settled(at))


def test_the_teacher_pauses_saves_rules_and_renames(
    example: ExampleClass, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_as(monkeypatch, example.teacher.actor)
    at = run(PAGE)
    next(each for each in at.button if each.label == "Pause all").click()
    settled(at)
    current = people.the_class(example.lab)
    assert current and current.rules.is_paused and "Paused" in body(at)
    at.text_input[0].set_value("Calm Otter")
    next(each for each in at.button if each.label == "Rename").click()
    settled(at)
    assert "Calm Otter" in body(at) and "Ada" not in body(at)
    next(each for each in at.button if each.label == "New link").click()
    settled(at)
    token = at.code[0].value.rpartition("/")[2]
    assert people.actor_of(example.lab, token) == example.ada.actor
    at = run(PAGE, tab="Rules")
    at.number_input(key="rule_max_queued").set_value(9)
    at.checkbox(key="rule_hides_names").check()
    next(each for each in at.button if each.label == "Save rules").click()
    settled(at)
    current = people.the_class(example.lab)
    assert current and current.rules == Rules(max_queued=9, hides_names=True, is_paused=True)
    with example.lab.database.writing() as db:
        db.execute("UPDATE people SET seconds = 600")
    at.button(key="reset_minutes").click()
    settled(at)
    assert {each.seconds for each in activity_by_person(example.lab).values()} == {0}


def test_a_taken_name_is_refused_with_the_reason(
    example: ExampleClass, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_as(monkeypatch, example.teacher.actor)
    at = run(PAGE)
    at.text_input[0].set_value("bob")
    next(each for each in at.button if each.label == "Rename").click()
    settled(at)
    assert any("taken" in each.value for each in at.error)


def test_a_lab_without_a_class_has_no_board(lab: Path) -> None:
    assert "no class here" in body(run(PAGE))
    links = [each.proto.page for each in run().get("page_link")]
    assert links and "class" not in links


def test_hostile_names_stay_text(example: ExampleClass, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, person in (("<b>x</b>", example.ada.actor.person), ("=1+1", None)):
        number = person or people.join(example.lab, "Cy").id
        people.rename(example.teacher, number, name)
        if not person:
            store = type(example.lab)(example.home.runs, actor=Actor(number, False))
            add_finished_run(store, SPEC, RECIPE, [80])
    found = standings(example.lab)
    rows = list(csv.DictReader(io.StringIO(standings_csv(found).lstrip("\ufeff"))))
    assert [row["name"] for row in rows] == ["<b>x</b>", "'=1+1"]
    report = class_report("<i>7b</i>", found)
    assert "<b>x" not in html(report) and "<i>7b" not in html(report)
    assert "<b>x" not in markdown(report)
    points = class_board(found)["data"][1]
    assert points["hovertext"] == ["=1+1", "&lt;b&gt;x&lt;/b&gt;"]
    look_as(monkeypatch, example.bob.actor)
    assert "<b>x" not in body(run(PAGE)) and "&lt;b&gt;x" in body(run(PAGE))
    people.rename(example.teacher, number, "a\u202eb\x07c")
    assert "abc" in {each.name for each in standings(example.lab)}
