"""The design page's controls, by Streamlit's AppTest: every edit reaches the address and back."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from mnistlab.arch.advice.advise import advise
from mnistlab.arch.export.json_file import to_json
from mnistlab.arch.presets import PRESETS
from mnistlab.arch.spec import Activation, Dropout, Head, parse
from mnistlab.arch.summary import summarize
from mnistlab.home import Home
from mnistlab.recipe.recipe import Recipe
from mnistlab.store.store import Store
from mnistlab.ui.common import current_network
from mnistlab.ui.design.layers import ACTIONS, OPTIONS
from mnistlab.worker import timing
from mnistlab.worker.benchmark import run_benchmark
from mnistlab.worker.processes import worker_lock
from tests.ui.app_test import body, run, settled

NET = "8-16-p10-16-20-t12-16-20-full-bn-drop0.05"
ESTIMATE = "Time per epoch</span><b>≈"


def design_page(net: str = NET, tab: str = "Parameters") -> AppTest:
    return run("pages/design.py", net=net, tab=tab)


def net(at: AppTest) -> str:
    return str(at.text_input(key="net").value)


def press(at: AppTest, label: str) -> AppTest:
    next(b for b in at.button if b.label == label).click()
    return settled(at)


@pytest.mark.parametrize(
    ("layer", "action", "expected"),
    [
        (3, "Move up", "8-16-16-p10-20-t12-16-20"),
        (0, "Move up", "8-16-p10-16-20-t12-16-20"),
        (2, "Move down", "8-16-16-p10-20-t12-16-20"),
        (4, "Remove", "8-16-p10-16-t12-16-20"),
        (4, "Insert 3×3 convolution below", "8-16-p10-16-20-20-t12-16-20"),
        (1, "Insert partial transition below", "8-16-t10-p10-16-20-t12-16-20"),
    ],
)
def test_a_layer_s_menu_changes_it_in_its_place(layer: int, action: str, expected: str) -> None:
    # AppTest cannot open a menu; a browser test does.
    assert str(ACTIONS[action](parse(NET), layer)) == f"{expected}-full-bn-drop0.05"


def test_a_network_that_cannot_be_built_is_an_error_and_nothing_changes() -> None:
    at = design_page()
    at.number_input(key="filters0").set_value(5000)
    settled(at)
    assert "5,000" in at.error[0].value and at.number_input(key="filters0").value == 8


def test_every_step_can_be_undone_and_redone() -> None:
    at = design_page()
    texts = [net(at)]
    at.number_input(key="filters0").set_value(9)
    texts.append(net(settled(at)))
    at.toggle(key="batch_norm").set_value(False)
    texts.append(net(settled(at)))
    texts.append(net(press(at, "Double filters")))
    at.text_input(key="net").set_value("8-p8-gap-bn")
    texts.append(net(settled(at)))
    texts.append(net(press(at, "Halve filters")))
    assert len(set(texts)) == 6
    for text in reversed(texts[:-1]):
        assert net(press(at, "Undo")) == text
    assert next(b for b in at.button if b.label == "Undo").disabled
    for text in texts[1:]:
        assert net(press(at, "Redo")) == text
    assert next(b for b in at.button if b.label == "Redo").disabled
    press(at, "Undo")
    at.number_input(key="filters0").set_value(7)
    settled(at)
    assert next(b for b in at.button if b.label == "Redo").disabled, "another way was taken"


def test_reset_returns_to_the_network_of_the_link_or_preset() -> None:
    def reset() -> Button:
        return next(b for b in at.button if b.label == "Reset")

    at = design_page()
    assert reset().disabled
    for start in (NET, str(PRESETS[5].spec)):
        if start != NET:
            press(at, PRESETS[5].label)
        assert reset().disabled
        press(at, "Double filters")
        press(at, "Double filters")
        assert net(press(at, "Reset")) == start
        assert net(press(at, "Undo")) != start, "a reset is a step like any other"


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8501/design?net=8-p-8-gap",
        "https://class.example/lab/train?tab=Cost&net=8-p-8-gap&run=3",
        "?net=8-p-8-gap",
        " net=8-p-8-gap ",
        "http://host/design?net=8%2Dp-8-gap#top",
        "http://host/design?net=8+p+8+gap",
    ],
)
def test_a_pasted_address_is_read_as_its_network(address: str) -> None:
    at = design_page()
    at.text_input(key="net").set_value(address)
    settled(at)
    assert parse(net(at)) == parse("8-p-8-gap") and not at.error
    assert net(press(at, "Undo")) == NET


@pytest.mark.parametrize("address", ["http://host/design", "http://host/?net=", "?run=1", "net=x"])
def test_an_address_without_a_network_is_refused(address: str) -> None:
    at = design_page()
    at.text_input(key="net").set_value(address)
    assert len(settled(at).error) == 1
    assert current(at) == NET


def current(at: AppTest) -> str:
    return str(at.session_state[current_network.KEY])


@pytest.mark.parametrize(("key", "values"), [("filters0", (9, 10, 11)), ("dropout", (0.06, 0.07))])
def test_a_burst_of_changes_of_one_control_is_undone_at_once(
    key: str, values: tuple[float, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    at = design_page()
    for value in values:
        at.number_input(key=key).set_value(value)
        settled(at)
    assert net(press(at, "Undo")) == NET
    after = net(press(at, "Redo"))
    assert after != NET
    # Another control, and the same one after a while, begin another step.
    at.number_input(key="filters1").set_value(20)
    at.number_input(key=key).set_value(values[0])
    settled(at)
    monkeypatch.setattr(current_network, "BURST_SECONDS", 0.0)
    before = net(at)
    at.number_input(key=key).set_value(values[1])
    settled(at)
    assert net(press(at, "Undo")) == before


def test_the_address_of_a_run_opens_its_network(lab: Path) -> None:
    Store(Home(lab).runs).add("a run", parse("8-p-8-gap"), Recipe())
    at = run("pages/design.py", run="1,2")
    assert net(at) == "8-p-8-gap" and not at.error
    assert "run" not in at.query_params, "edits would not be that run's"
    at = run("pages/design.py", run="1", net="4-p-gap")
    assert net(at) == "4-p-gap", "a network in the address comes first"


@pytest.mark.parametrize("number", ["9", "x", "-1", ""])
def test_the_address_of_a_run_that_does_not_exist_is_said(number: str) -> None:
    at = run("pages/design.py", run=number)
    assert len(at.error) == bool(number)
    assert current(at) == NET


def test_the_choices_for_the_whole_network_reach_the_address() -> None:
    at = design_page()
    at.selectbox(key="dropout_kind").select(Dropout.CHANNEL)
    assert net(settled(at)).endswith("-cdrop0.05")
    at.number_input(key="dropout").set_value(0.0)
    assert net(settled(at)).endswith("-bn")
    at.number_input(key="dropout").set_value(0.1)
    assert net(settled(at)).endswith("-cdrop0.1"), "the type outlives a rate of 0"
    at.toggle(key="conv_bias").set_value(False)
    assert "-bn-nobias-" in net(settled(at))
    at.toggle(key="batch_norm").set_value(False)
    assert "bn" not in net(settled(at)) and "nobias" not in net(at) and not at.error
    at.selectbox(key="head").select(Head.GAP)
    at.selectbox(key="activation").select(Activation.GELU)
    assert "-gap-gelu-" in net(settled(at))
    at.selectbox(key="activation").select(Activation.RELU)
    assert "gelu" not in net(settled(at)) and "relu" not in net(at)


def test_a_convolution_s_options_reach_the_address() -> None:
    at = design_page("8-8-p-12-gap")
    for options, expected in [
        (["padded"], "8s"),
        (["padded", "residual"], "8r"),
        (["padded", "residual", "separable"], "8dr"),
        (["residual", "separable"], "8d"),  # no residual connection without padding
        (["separable", "residual"], "8dr"),
        (["padded", "separable"], "8ds"),
    ]:
        at.button_group(key="options1").set_value(options)
        assert net(settled(at)) == f"8-{expected}-p-12-gap" and not at.error
        (layer,) = parse(expected).layers
        shown = at.button_group(key="options1").value
        assert shown == [option for option in OPTIONS if getattr(layer, option)]
    at.button_group(key="options3").set_value(["residual"])
    assert "conv3" in settled(at).error[0].value
    assert net(at) == "8-8ds-p-12-gap" and not at.button_group(key="options3").value
    assert net(press(at, "Undo")) == "8-8dr-p-12-gap"


def test_layers_that_a_residual_connection_ties_get_their_filters_together() -> None:
    at = design_page("8-8r-p-8dr-12-gap")
    at.number_input(key="filters3").set_value(10)
    assert net(settled(at)) == "10-10r-p-10dr-12-gap" and not at.error


@pytest.mark.parametrize("preset", PRESETS, ids=lambda p: p.name)
def test_every_fix_can_be_applied(preset: object) -> None:
    at = design_page(str(preset.spec), "Advice")  # type: ignore[attr-defined]
    for _ in range(8):
        offers = [one for one in advise(summarize(parse(net(at)))) if one.fix]
        if not offers:
            break
        press(at, offers[0].label)
        assert net(at) == str(offers[0].fix) and not at.error


def test_a_network_s_json_is_imported_and_a_hostile_one_refused() -> None:
    at = design_page(tab="Export")
    other = PRESETS[4].spec
    for content, expected in [
        (to_json(other).encode(), str(other)),
        (b"[" * 100_000, str(other)),
        (b"\xff\x00{}", str(other)),
        (to_json(other).replace('"filters": 8', '"filters": 1e9').encode(), str(other)),
    ]:
        at.file_uploader(key="network_json").set_value(("network.json", content, "text/json"))
        assert net(settled(at)) == expected
        assert len(at.error) == (content != to_json(other).encode())


def test_compared_with_itself_a_preset_differs_in_nothing() -> None:
    at = design_page(str(PRESETS[1].spec), "Compare")
    at.selectbox(key="compare_with").select(PRESETS[1].heading)
    body = " ".join(element.proto.body for element in settled(at).get("html"))
    assert "Identical layers" in body
    at.selectbox(key="compare_with").select(PRESETS[3].heading)
    body = " ".join(element.proto.body for element in settled(at).get("html"))
    assert "-384" in body


def test_forty_layers_are_still_edited() -> None:
    at = design_page("-".join(["4s"] * 40))
    at.number_input(key="filters39").set_value(5)
    assert net(settled(at)).endswith("-5s-full") and not at.error


def test_the_time_per_epoch_is_estimated_after_the_benchmark(
    lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = design_page(tab="Cost")
    assert ESTIMATE not in body(at)
    monkeypatch.setattr(timing, "NETWORKS", [("4-p4-p-gap", 64), ("8-p-8-gap-bn", 32)])
    with worker_lock(Home(lab)):
        press(at, "Benchmark this machine")
        assert "training" in at.error[0].value
    run_benchmark(Home(lab), lambda what, share: None)
    settled(at)
    assert ESTIMATE in body(at)
    Home(lab).speed_model.write_bytes(b"\xff{")
    assert ESTIMATE not in body(settled(at))


def test_undo_takes_back_a_text_that_is_no_network_and_no_step_before_it() -> None:
    at = design_page("8-p-gap")
    press(at, "Target 2")
    before = net(at)
    at.text_input(key="net").set_value("8-16-pp-xx")
    settled(at)
    assert at.error and net(press(at, "Undo")) == before and not at.error
    assert net(press(at, "Undo")) == "8-p-gap"
    # Also where there is no step before it.
    at = design_page("8-p-gap")
    at.text_input(key="net").set_value("8-16-pp-xx")
    settled(at)
    assert net(press(at, "Undo")) == "8-p-gap"
