"""The walk and the experiments, with made-up records and runs."""

import json
from html import unescape
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mnistlab import zoo
from mnistlab.arch.presets import get_preset
from mnistlab.experiments.search.search import Search
from mnistlab.experiments.targets import TARGETS
from mnistlab.experiments.variants import find_variant, variants
from mnistlab.store.run import State
from mnistlab.store.store import Store
from mnistlab.store.table import edit_details
from mnistlab.ui.experiments import progress
from tests.store.example_runs import add_finished_run
from tests.ui.app_test import ROOT, run, settled


@pytest.fixture(autouse=True)
def lab(lab: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(zoo, "FOLDER", lab / "zoo")
    return lab


def shown(at: AppTest) -> str:
    bodies = [element.proto.body for element in at.get("html")]
    bodies += [element.value for element in (*at.markdown, *at.code, *at.header)]
    return unescape(" ".join(bodies)).replace("\N{NO-BREAK SPACE}", " ")


def button(at: AppTest, key: str):  # type: ignore[no-untyped-def]
    return at.button(key=key)


def keys(at: AppTest) -> list[str]:
    """The buttons that start and pause."""
    return [key for each in at.button if (key := each.key or "") in ("start", "pause")]


def test_one_button_pauses_what_runs_and_one_resumes_it(lab: Path) -> None:
    store, target = Store(lab / "runs"), TARGETS[1]
    at = run("pages/experiments.py")
    button(at, "start").click().run()
    claimed = store.claim()
    assert claimed and claimed.spec == target.spec
    at.run()
    labels = [each.label for each in at.button]
    assert labels.count("Pause all") == 1 and "Pause" not in labels and "Stop" not in labels
    store.report(claimed.id, "Training")
    store.finish(claimed.id, State.FAILED, "An error")
    at.run()
    assert keys(at) == ["start", "pause"]
    assert button(at, "start").label == "Resume 1 of 4 runs"
    for each in TARGETS:
        add_finished_run(store, each.spec, each.quick, [400])
    at.run()
    assert keys(at) == [] and "All runs are done" in shown(at)


@pytest.mark.parametrize("address", [{}, {"view": "Ablation"}])
def test_a_report_is_offered_once_there_is_a_result(lab: Path, address: dict[str, str]) -> None:
    at = run("pages/experiments.py", **address)
    assert not reports(at)
    target = TARGETS[3]
    add_finished_run(Store(lab / "runs"), target.spec, target.quick, [400])
    at.run()
    assert reports(at) == ["Report (HTML)", "Report (Markdown)"]


@pytest.mark.parametrize("view", ["Reproduce the article", "Ablation", "Compare"])
def test_unlike_processors_are_told(lab: Path, view: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store, target = Store(lab / "runs"), TARGETS[3]
    ids = [add_finished_run(store, target.spec, target.quick, [400]) for _ in range(2)]
    monkeypatch.setattr(progress, "unlike_processors", lambda store, runs: f"{len(runs)} unlike")
    if view == "Compare":
        at = run("pages/compare.py", run=",".join(map(str, ids)))
    else:
        at = run("pages/experiments.py", view=view)
    assert f"{2 if view == 'Compare' else 1} unlike" in shown(at)


def reports(at: AppTest) -> list[str]:
    return [each.label for each in at.button if each.label.startswith("Report")]


def chart_names(at: AppTest) -> list[str]:
    """The legend of the page's chart."""
    (chart,) = (each for each in at.get("bidi_component") if "scatter" in each.proto.json)
    return [trace.get("name", "") for trace in json.loads(chart.proto.json)["figure"]["data"]]


def test_bundled_curves_are_gray_until_one_s_own_come(
    lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zoo, "FOLDER", ROOT / "mnistlab" / "zoo")
    labels = [target.preset.label for target in TARGETS]
    assert chart_names(run("pages/experiments.py")) == [f"{each}, reference" for each in labels]
    ablation = run("pages/experiments.py", view="Ablation", target="Target 4")
    assert chart_names(ablation) == ["Target 4, reference"]
    store = Store(lab / "runs")
    add_finished_run(store, TARGETS[1].spec, TARGETS[1].quick, [400, 345])
    names = chart_names(run("pages/experiments.py"))
    assert "Target 2" in names and "Target 2, reference" not in names
    assert "Target 1, reference" in names


def test_all_four_targets_are_queued_once_paused_and_resumed(lab: Path) -> None:
    at, store = run("pages/experiments.py"), Store(lab / "runs")
    button(at, "start").click().run()
    runs = store.queue()
    quickest_first = [*TARGETS[1:], TARGETS[0]]
    assert [each.spec for each in runs] == [target.spec for target in quickest_first]
    assert [each.recipe for each in runs] == [target.quick for target in quickest_first]
    assert keys(at) == ["pause"]
    button(at, "pause").click().run()
    assert not store.queue() and keys(at) == ["start"]
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
    assert [each.spec.dropout for each in store.queue()] == [target.spec.dropout, 0]
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


def test_a_value_of_the_address_is_sent_until_the_user_changes_it() -> None:
    # Of a run that is interrupted the browser may get nothing.
    second, fourth = TARGETS[1].preset.label, TARGETS[3].preset.label
    at = settled(run("pages/experiments.py", view="Ablation", target=second))
    target = at.selectbox(key="target")
    assert (target.value, target.proto.set_value) == (second, True)
    target.select(fourth)
    target = settled(at).selectbox(key="target")
    assert (target.value, target.proto.set_value) == (fourth, False)


def test_a_search_shows_its_front_and_without_one_how_to_start_it(lab: Path) -> None:
    at = run("pages/experiments.py", view="Search")
    assert "`python -m mnistlab search NAME`" in shown(at) and not at.selectbox
    store = Store(lab / "runs")
    for name, tag, errors in (("target-4", "a", 90), ("smallest", "a", 95), ("target-3", "b", 80)):
        run_id = add_finished_run(store, get_preset(name).spec, Search(tag).recipe, [errors])
        edit_details(store, run_id, name, "", f"search-{tag}", "")
    at = run("pages/experiments.py", view="Search")
    assert at.selectbox[0].options == ["b", "a"] and "1 trial: 1 done." in shown(at)
    at.selectbox[0].set_value("a").run()
    assert "2 trials: 2 done." in shown(at) and "99.10%" in shown(at) and "99.05%" in shown(at)
    assert chart_names(at) == ["Pareto front", "Stopped early, or not done", "Done"]
