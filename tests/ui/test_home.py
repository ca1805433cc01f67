"""The home page: its steps with made-up records and runs, the first screen, the address."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from mnistlab import zoo
from mnistlab.data.dataset import MNIST
from mnistlab.experiments.steps import STEPS, Distillation
from mnistlab.experiments.targets import TARGETS
from mnistlab.experiments.terms import definition, terms_in
from mnistlab.recipe.defaults import train_command
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.store import Store
from mnistlab.training.record import TrainingRecord, record_to_json
from mnistlab.ui.home import about
from mnistlab.ui.home.terms import explained
from mnistlab.worker.source_search import pretrained_source
from tests.store.example_runs import add_finished_run, epoch
from tests.ui.app_test import run, settled


def shown(at: AppTest) -> str:
    bodies = [element.proto.body for element in at.get("html")]
    bodies += [element.value for element in at.markdown]
    return unescape(" ".join(bodies))


def open_step(number: int) -> AppTest:
    return run(step=str(number))


@pytest.fixture
def empty_zoo(lab: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(zoo, "FOLDER", lab / "zoo")
    monkeypatch.setattr(zoo, "SEED_ERRORS", {})
    (lab / "zoo" / "targets").mkdir(parents=True)
    return lab / "zoo"


def add_record(
    folder: Path, name: str, errors: list[int], train: float = 0.9996, seed: int = 0
) -> None:
    target = next(each for each in TARGETS if each.preset.name == name)
    epochs = tuple(epoch(n, e, train) for n, e in enumerate(errors, 1))
    saved = min(epochs, key=lambda each: each.validation_errors)
    recipe = replace(target.full, seed=seed)
    record = TrainingRecord(name, target.spec, recipe, epochs, saved.number)
    (folder / "targets" / f"{name}-seed-{seed}.json").write_text(record_to_json(record), "utf-8")


@pytest.mark.parametrize("number", range(1, len(STEPS) + 1))
def test_a_step_s_number_in_the_address_opens_it(number: int) -> None:
    at = open_step(number)
    assert at.button_group(key="step_choice").value == number
    assert STEPS[number - 1].question in shown(at)
    assert at.query_params["step"] in (str(number), [str(number)])


@pytest.mark.parametrize("text", ["0", "8", "-1", "x", "²", "9" * 5000])
def test_an_address_without_such_a_step_opens_the_first(text: str) -> None:
    assert STEPS[0].question in shown(run(step=text))


def test_the_control_opens_a_step_and_puts_it_into_the_address() -> None:
    at = run()
    at.button_group(key="step_choice").set_value(4)
    assert STEPS[3].question in shown(settled(at))
    assert at.query_params["step"] in ("4", ["4"])


@pytest.mark.parametrize("number", range(1, len(STEPS) + 1))
def test_a_step_without_a_record_has_the_command_that_trains_it(
    empty_zoo: Path, number: int
) -> None:
    step, text = STEPS[number - 1], shown(open_step(number))
    assert f"{step.total:,}" in text
    command = (
        train_command(step.spec, step.full)
        if step in TARGETS
        else f"python -m mnistlab study {step.preset.name}"
    )
    assert command in text


def test_a_step_compares_its_record_with_the_article(empty_zoo: Path) -> None:
    add_record(empty_zoo, "target-3", [200, 150, 160])
    add_record(empty_zoo, "target-4", [80, 55, 60], train=0.9945)
    text = shown(open_step(3))
    assert "98.50%" in text and "−0.78 pp; 95% CI" in text
    text = shown(open_step(4))
    assert re.search(r"99\.45% .*99\.45% .*\(0\.00 pp; 95% CI", text) and "+0.95 pp" in text


def test_the_user_s_own_run_of_the_same_recipe_is_in_the_figures(
    lab: Path, empty_zoo: Path
) -> None:
    store, target = Store(lab / "runs"), TARGETS[1]
    add_finished_run(store, target.spec, replace(target.full, epochs=3), [123])
    assert "98.77%" not in shown(open_step(2)), "another recipe is another experiment"
    own = add_finished_run(store, target.spec, target.quick, [345, 321])
    text = shown(open_step(2))
    assert f"Run {own}" in text and "96.79%" in text and "6,000 images" in text


def links(at: AppTest) -> dict[str, str]:
    return {link.proto.label: link.proto.query_string for link in at.get("page_link")}


def test_the_last_step_leads_to_a_training_with_its_teacher_and_shows_its_run(lab: Path) -> None:
    number = len(STEPS)
    step = STEPS[number - 1]
    assert isinstance(step, Distillation)
    teacher = pretrained_source(step.teacher).short
    at = open_step(number)
    assert "Not measured yet" in shown(at) and f"--teacher {step.teacher}" in shown(at)
    assert step.what_to_look_for in shown(at)
    (query,) = [query for label, query in links(at).items() if label.startswith("Try it")]
    values = {name: "".join(value) for name, value in parse_qs(query).items()}
    assert values == {"net": str(step.spec), "recipe": f"teacher={teacher}"}
    train = run("pages/train.py", **values)
    assert "Learns from most-accurate" in shown(train) and not train.error
    store = Store(lab / "runs")
    add_finished_run(store, step.spec, Recipe(), [123])
    own = add_finished_run(store, step.spec, Recipe(teacher=teacher), [123])
    assert links(open_step(number))[f"Your run {own}"] == f"run={own}"
    assert not any(label.startswith("Your run") for label in links(open_step(number - 1)))


def test_several_seeds_are_shown_with_their_spread(empty_zoo: Path) -> None:
    for seed, errors in enumerate(([90, 60], [55, 80], [65, 70])):
        add_record(empty_zoo, "target-4", errors, train=0.995 + seed / 1000, seed=seed)
    text = shown(open_step(4))
    assert "99.40% ± 0.05" in text, "the best epochs have 60, 55 and 65 errors"
    assert "99.60% ± 0.10" in text and "3 seeds" in text and "1–2" in text


def test_without_its_teacher_the_last_step_has_a_warning(empty_zoo: Path) -> None:
    at = open_step(len(STEPS))
    (warning,) = at.warning
    assert "most-accurate" in warning.value and STEPS[-1].question in shown(at)


def test_damaged_records_and_a_damaged_store_are_warnings(lab: Path, empty_zoo: Path) -> None:
    add_record(empty_zoo, "target-3", [70])
    (empty_zoo / "targets" / "target-3-seed-0.json").write_text("{")
    (lab / "runs").mkdir()
    (lab / "runs" / "store.sqlite").write_bytes(b"no database" * 1000)
    at = open_step(4)
    warnings = " ".join(warning.value for warning in at.warning)
    assert "target-3-seed-0.json" in warnings and "store.sqlite" in warnings
    assert STEPS[3].question in shown(at)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: str(step.name))
def test_each_term_of_a_step_has_its_definition(step: object) -> None:
    terms = terms_in(step.concepts)  # type: ignore[attr-defined]
    assert terms or step is STEPS[1]
    for term in terms:
        assert definition(term), term
    assert explained(step.concepts).count('role="tooltip"') == len(terms)  # type: ignore[attr-defined]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: str(step.name))
def test_a_step_is_short(step: object) -> None:
    assert len(step.question.split()) <= 8  # type: ignore[attr-defined]
    assert len(step.concepts.split()) <= 48  # type: ignore[attr-defined]


def test_a_term_without_a_definition_is_still_bold() -> None:
    assert "<b>nothing</b>" in explained("A **nothing**, <i>escaped</i>.")
    assert "&lt;i&gt;" in explained("A **nothing**, <i>escaped</i>.")


def test_the_texts_follow_the_data_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(about, "MNIST", replace(MNIST, n_train=7_000, n_validation=9, n_test=3_210))
    text = about.numbers()
    assert all(number in text for number in ("10,210", "7,000", "3,210", "19 errors"))
