"""The control that selects runs: renamed runs stay selected, and missing ones are named."""

from pathlib import Path

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Multiselect, Selectbox

from mnistlab.arch.spec import parse
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.run import Request
from mnistlab.store.store import Store
from mnistlab.store.table import edit_details
from mnistlab.ui.common.run_picker import run_ids
from tests.ui.app_test import run, settled

ONE, SEVERAL = "run_control1", "run_control8"


@pytest.fixture(autouse=True)
def store(lab: Path) -> Store:
    """Three runs."""
    store = Store(lab / "runs")
    for name in ("first", "second", "third"):
        store.request(store.add(name, parse("4-gap"), Recipe()), Request.STOP)
    return store


def rename(run_id: int, name: str, lab: Path) -> None:
    """Rename a run as another browser does, with a store of its own."""
    edit_details(Store(lab / "runs"), run_id, name, "", "", "")


def with_label(*labels: str) -> property:
    """What a browser sends for a control in which these labels are selected."""

    def widget_state(self: Selectbox[str] | Multiselect[str]) -> WidgetState:
        state = WidgetState(id=self.id)
        if isinstance(self, Selectbox):
            (state.string_value,) = labels
        else:
            state.string_array_value.data.extend(labels)
        return state

    return property(widget_state)


def address(at: AppTest) -> str:
    """The selected runs in the address, which AppTest has as a text or as a list of one."""
    value = at.query_params["run"]
    return value if isinstance(value, str) else value[0]


def test_a_run_that_is_renamed_while_its_page_is_open_stays_selected(lab: Path) -> None:
    at = run("pages/run.py", run="1")
    rename(1, "better", lab)
    settled(at)
    assert address(at) == "1" and at.title[0].value == "Run 1: better"
    assert "1 · better" in at.selectbox(key=ONE).options


def test_a_run_selected_by_its_old_name_is_selected(lab: Path) -> None:
    at = run("pages/run.py", run="1")
    rename(2, "better", lab)
    at.selectbox(key=ONE).select("2 · second").run()
    assert not at.exception and address(at) == "2" and at.title[0].value == "Run 2: better"
    settled(at)
    assert address(at) == "2"


def test_a_browser_that_still_has_the_old_names_selects_by_the_number(lab: Path) -> None:
    at = run("pages/run.py", run="1")
    rename(2, "better", lab)
    settled(at)
    # The browser has not yet received the new labels.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(at.selectbox(key=ONE)), "_widget_state", with_label("2 · second"))
        settled(at)
    assert address(at) == "2" and at.title[0].value == "Run 2: better"


def test_notes_of_a_renamed_run_are_saved_twice(lab: Path, store: Store) -> None:
    at = run("pages/run.py", run="1", tab="Notes")
    for name in ("better", "best"):
        at.text_input(key="name1").set_value(name)
        next(button for button in at.button if button.label == "Save notes").click().run()
        settled(at)
        renamed = store.run(1)
        assert renamed and renamed.name == name and address(at) == "1"
        assert at.title[0].value == f"Run 1: {name}"


def test_notes_that_are_not_saved_stay_while_another_tab_is_open(lab: Path, store: Store) -> None:
    at = run("pages/run.py", run="1", tab="Notes")
    at.text_area(key="notes1").set_value("a long thought")
    settled(at)
    for tab in ("Export", "Notes"):
        at.session_state["tab"] = tab
        settled(at)
    assert at.text_area(key="notes1").value == "a long thought"
    # What another browser saves replaces it; an empty name keeps the old one.
    rename(1, "better", lab)
    settled(at)
    assert at.text_input(key="name1").value == "better" and at.text_area(key="notes1").value == ""
    at.text_input(key="name1").set_value("")
    next(button for button in at.button if button.label == "Save notes").click().run()
    assert at.text_input(key="name1").value == "better"


@pytest.mark.parametrize("page", ["train", "compare"])
def test_several_runs_stay_selected_when_one_is_renamed(lab: Path, page: str) -> None:
    at = run(f"pages/{page}.py", run="1,2")
    rename(1, "better", lab)
    settled(at)
    assert address(at) == "1,2"
    rename(2, "other", lab)
    with pytest.MonkeyPatch.context() as patch:
        labels = with_label("1 · first", "2 · second", "3 · third")
        patch.setattr(type(at.multiselect(key=SEVERAL)), "_widget_state", labels)
        settled(at)
    assert not at.exception and address(at) == "1,2,3"
    assert not at.warning


@pytest.mark.parametrize("page", ["train", "compare", "run"])
def test_a_run_of_the_address_that_does_not_exist_is_named(page: str) -> None:
    at = run(f"pages/{page}.py", run="1,999,abc" if page != "run" else "999")
    (warning,) = at.warning
    assert "999" in warning.value
    if page != "run":
        assert "abc" in warning.value and address(at) == "1"


def test_more_runs_than_a_page_shows_are_mentioned(store: Store) -> None:
    for _ in range(7):
        store.request(store.add("more", parse("4-gap"), Recipe()), Request.STOP)
    at = run("pages/compare.py", run=",".join(map(str, range(1, 11))))
    assert address(at) == "1,2,3,4,5,6,7,8"
    assert "at most 8" in at.warning[0].value
    assert not run("pages/compare.py", run="1,2").warning


@pytest.mark.parametrize("page", ["runs", "run", "compare"])
def test_without_runs_a_page_links_to_training(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNISTLAB_HOME", str(tmp_path / "empty"))
    at = run(f"pages/{page}.py")
    assert [link.proto.label for link in at.get("page_link")].count("Train a network") == 1


def test_numbers_in_a_text() -> None:
    assert run_ids("3, 5,3,x,-1,\u0661") == [3, 5]
