"""The page of one run: its tabs are in the address, and only the open one is drawn."""

from pathlib import Path

import pytest

from mnistlab.arch.spec import parse
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.store import Store
from tests.store.example_runs import add_finished_run
from tests.ui.app_test import body, run, settled

STATUS = 'class="lab-status"'
"""What the Curves tab alone shows."""


@pytest.fixture(autouse=True)
def finished_run(lab: Path) -> int:
    store = Store(lab / "runs")
    return add_finished_run(store, parse("4-gap"), Recipe(epochs=1), [100], wrong=range(9))


def test_the_address_opens_a_tab_and_no_other_is_drawn() -> None:
    errors = body(run("pages/run.py", run="1", tab="Errors"))
    assert "9 errors" in errors and STATUS not in errors
    curves = run("pages/run.py", run="1")
    assert STATUS in body(curves) and "9 errors" not in body(curves)
    assert not curves.text_input and not curves.code


def test_a_run_without_an_epoch_has_no_report_and_no_epochs_to_export(lab: Path) -> None:
    run_id = Store(lab / "runs").add("new", parse("4-gap"), Recipe(epochs=1))
    for run_number, has_epochs in (("1", True), (str(run_id), False)):
        buttons = {
            each.label: each for each in run("pages/run.py", run=run_number, tab="Export").button
        }
        assert ("Report (HTML)" in buttons) == has_epochs
        assert buttons["Epochs (CSV)"].disabled == (not has_epochs)


def test_the_tab_of_another_page_opens_the_first_one() -> None:
    at = run("pages/design.py", tab="Cost")
    at.switch_page("pages/run.py")
    settled(at)
    assert STATUS in body(at)


def test_a_tab_that_does_not_exist_opens_the_first_one() -> None:
    assert STATUS in body(run("pages/run.py", run="1", tab="Nothing"))
