"""Home and the experiments, with made-up records and runs."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mnistlab import zoo
from mnistlab.data.dataset import MNIST
from mnistlab.experiments import targets
from mnistlab.experiments.targets import TARGETS
from mnistlab.experiments.variants import find_variant, variants
from mnistlab.store.run import State
from mnistlab.store.store import Store
from mnistlab.training.defaults import train_command
from mnistlab.training.record import TrainingRecord, record_to_json
from mnistlab.ui.home import home_text
from mnistlab.worker import processes
from tests.store.example_runs import add_finished_run, epoch
from tests.ui.app_test import run


@pytest.fixture(autouse=True)
def lab(lab: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(processes, "start_worker", lambda home: None)
    monkeypatch.setattr(zoo, "FOLDER", lab / "zoo")
    return lab


def shown(at: AppTest) -> str:
    bodies = [element.proto.body for element in at.get("html")]
    bodies += [element.value for element in (*at.markdown, *at.code, *at.subheader)]
    return unescape(" ".join(bodies)).replace("\N{NO-BREAK SPACE}", " ")


def write_record(lab: Path, name: str, errors: list[int], train: float = 0.9996) -> None:
    target = next(each for each in TARGETS if each.preset.name == name)
    epochs = tuple(epoch(n, e, train) for n, e in enumerate(errors, 1))
    best = min(epochs, key=lambda each: each.validation_errors)
    record = TrainingRecord(name, target.spec, target.full, epochs, best.number)
    (lab / "zoo" / "targets").mkdir(parents=True, exist_ok=True)
    (lab / "zoo" / "targets" / f"{name}.json").write_text(record_to_json(record), "utf-8")


def test_home_without_records_has_the_commands_that_train_the_targets() -> None:
    text = shown(run())
    for target in TARGETS:
        assert target.question in text and train_command(target.spec, target.full) in text
    for figure in (
        "1,595,316",
        "12,490",
        "12,874",
        "99.93%",
        "99.45%",
        "99.28%",
        "14,846",
        "4,844",
    ):
        assert figure in text


def test_a_further_own_network_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    third = replace(targets.LAB_NETWORKS[0], question="Is there room for a third?")
    monkeypatch.setattr(targets, "LAB_NETWORKS", (*targets.LAB_NETWORKS, third))
    assert third.question in shown(run())


def test_the_prose_follows_the_data_set_and_the_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        home_text, "MNIST", replace(MNIST, n_train=7_000, n_validation=9, n_test=3_210)
    )
    text = home_text.beginning()
    assert all(number in text for number in ("10,210", "7,000", "3,210", "19 errors"))
    monkeypatch.setattr(zoo, "SEED_ERRORS", {"smallest": (1,) * 17})
    assert "17 **seeds**" in home_text.beyond()


TERMS = (
    *("parameter", "accuracy", "95% confidence interval", "batches", "loss", "gradient"),
    *("learning rate", "Adam", "epoch", "validation", "3×3 convolution", "feature map"),
    *("receptive field", "transition", "ReLU", "softmax", "partial transition"),
    *("batch normalization", "checkpoint", "overfitting", "generalization gap", "dropout"),
    *("augmentation", "seeds"),
)


def test_each_term_is_explained_once_where_it_first_appears() -> None:
    targets = [target.concepts for target in TARGETS]
    prose = [home_text.beginning(), home_text.TRAINING, *targets, home_text.beyond()]
    text = " ".join(prose).replace("\n", " ").lower()
    for term in TERMS:
        words = term.lower()
        assert text.count(f"**{words}**") == 1, term
        assert text.index(words) == text.index(f"**{words}**") + 2, f"{term} comes too early"


def test_home_shows_records_and_their_differences_from_the_article(lab: Path) -> None:
    write_record(lab, "target-3", [200, 150, 160])
    write_record(lab, "target-4", [80, 55, 60], train=0.9945)
    text = shown(run())
    assert "98.50%" in text and "−0.78 pp; 95% CI" in text
    assert re.search(r"99\.45% .*99\.45% .*\(0\.00 pp; 95% CI", text)
    assert text.count("Not measured yet") == 2


def test_a_user_s_run_of_the_same_recipe_is_shown(lab: Path) -> None:
    store, target = Store(lab / "runs"), TARGETS[1]
    add_finished_run(store, target.spec, replace(target.full, epochs=3), [123])
    assert "98.77%" not in shown(run()), "another recipe is another experiment"
    mine = add_finished_run(store, target.spec, target.quick, [345, 321])
    text = shown(run())
    assert f"Run {mine}" in text and "96.79%" in text and "6,000 images" in text


def test_a_damaged_record_or_store_is_a_warning_and_the_rest_is_shown(lab: Path) -> None:
    write_record(lab, "target-3", [70])
    (lab / "zoo" / "targets" / "target-3.json").write_text("{")
    (lab / "runs").mkdir()
    (lab / "runs" / "store.sqlite").write_bytes(b"no database" * 1000)
    at = run()
    warnings = " ".join(warning.value for warning in at.warning)
    assert "target-3.json" in warnings and "store.sqlite" in warnings
    assert TARGETS[3].question in shown(at)


def button(at: AppTest, key: str):  # type: ignore[no-untyped-def]
    return at.button(key=key)


def test_all_four_targets_are_queued_once_paused_and_resumed(lab: Path) -> None:
    at, store = run("pages/experiments.py"), Store(lab / "runs")
    button(at, "start").click().run()
    runs = store.queue()
    assert [each.spec for each in runs] == [target.spec for target in TARGETS]
    assert [each.recipe for each in runs] == [target.quick for target in TARGETS]
    assert button(at, "start").disabled
    button(at, "pause").click().run()
    assert not store.queue() and not button(at, "start").disabled
    button(at, "start").click().run()
    assert [each.id for each in store.queue()] == [each.id for each in runs]
    assert not at.exception


def test_the_conditions_come_from_the_address(lab: Path) -> None:
    at = run("pages/experiments.py", length="Full", split="Hold-out", seeds="2")
    button(at, "start").click().run()
    runs = Store(lab / "runs").queue()
    assert [each.recipe.seed for each in runs] == [0] * 4 + [1] * 4
    assert {each.recipe.train_size for each in runs} == {None}
    assert {each.recipe.split.value for each in runs} == {"holdout"}


def test_the_table_fills_in(lab: Path) -> None:
    store = Store(lab / "runs")
    for target in TARGETS[:2]:
        add_finished_run(store, target.spec, target.quick, [400, 345, 350])
    text = shown(run("pages/experiments.py"))
    assert "96.55%" in text and "345" in text and "99.28%" in text


def test_each_suggestion_opens_its_ablation(lab: Path) -> None:
    for target in TARGETS:
        one = find_variant(target.spec, target.quick, target.suggestion.variant)
        query = {"view": "Ablation", "target": target.preset.label, "variant": one.label}
        at = run("pages/experiments.py", **query)
        assert at.selectbox(key="variant").value == one.label
        assert at.selectbox(key="target").value == target.preset.label


def test_baseline_and_variant_are_trained_and_their_difference_is_shown(lab: Path) -> None:
    store, target = Store(lab / "runs"), TARGETS[3]
    query = {"view": "Ablation", "target": "Target 4", "variant": "without dropout"}
    at = run("pages/experiments.py", **query)
    button(at, "start").click().run()
    assert [each.spec.dropout for each in store.queue()] == [0.05, 0]
    for waiting in store.queue():
        store.request(waiting.id, "stop")  # type: ignore[arg-type]
    add_finished_run(store, target.spec, target.quick, [60], wrong=range(20))
    one = find_variant(target.spec, target.quick, "dropout")
    add_finished_run(store, one.spec, one.recipe, [70], wrong=range(10, 50))
    text = shown(run("pages/experiments.py", **query))
    assert "−2.00 pp" in text and "McNemar" in text and "Ablations of target 4" in text
    assert {each.state for each in store.runs([3, 4])} == {State.DONE}


def test_a_table_of_ablations_is_corrected_for_its_length(lab: Path) -> None:
    store, target = Store(lab / "runs"), TARGETS[3]
    add_finished_run(store, target.spec, target.quick, [60], wrong=range(20))
    # 12 images lost and 3 gained: significant alone (p = 0.035), not as one of two.
    one = find_variant(target.spec, target.quick, "dropout")
    add_finished_run(store, one.spec, one.recipe, [69], wrong=range(3, 32))
    query = {"view": "Ablation", "target": "Target 4", "variant": one.label}
    assert "Holm" not in shown(run("pages/experiments.py", **query)), (
        "a single comparison needs no correction"
    )
    other = variants(target.spec, target.quick)[-1]
    assert other.name != one.name
    add_finished_run(store, other.spec, other.recipe, [60], wrong=range(20))
    text = shown(run("pages/experiments.py", **query))
    assert ", significant (p = 0.035)" in text and "Holm" in text
    assert "not significant (p = 0.07)" in text and "not significant (p = 1.00)" in text


def test_another_target_has_its_own_variants() -> None:
    at = run("pages/experiments.py", view="Ablation", target="Target 4", variant="dropout 0.1")
    at.selectbox(key="target").set_value("Target 2").run()
    assert not at.exception and "dropout 0.1" not in at.selectbox(key="variant").options


def test_selection_bias_counts_test_set_use(lab: Path) -> None:
    store, target = Store(lab / "runs"), TARGETS[3]
    add_finished_run(store, target.spec, target.full, [60, 70] * 10)
    text = shown(run("pages/experiments.py", view="Selection bias"))
    assert "20 times" in text and "+0.05" in text and "no runs yet" in text
