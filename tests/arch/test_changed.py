"""Which layers changed, held against networks changed on purpose."""

import pytest

from mnistlab.arch.changed import changed
from mnistlab.arch.ledger import ledger
from mnistlab.arch.presets import PRESETS, TARGETS
from mnistlab.arch.spec import parse

CONVS = {f"conv{n}" for n in range(1, 7)}


def test_nothing_changes_between_a_network_and_itself() -> None:
    for preset in PRESETS:
        assert changed(preset.spec, preset.spec) == set()


@pytest.mark.parametrize(
    ("before", "after", "rows"),
    [
        ("8-16-p10-16", "8-16-p12-16", {"transition1"}),
        ("8-16-p10-16", "8-16-t10-16", set()),
        ("8-16-t10-16", "8-16-p10-16", {"pool1"}),
        ("8-16-p10-16", "8-16-p10-t12-16", {"transition2"}),
        ("8-16-p-16", "8-16-16-p", {"pool1"}),
        ("8-16-p-16", "8-16s-p-16", {"conv2"}),
        ("8-p-16", "8-16", set()),
        ("8-16", "8-16-gap", {"average", "linear"}),
        ("8-16-bn", "8-16-bn-nobias", {"conv1", "conv2"}),
        ("8-16-drop0.1", "8-16-cdrop0.1", {"conv1", "conv2"}),
        ("8-16-drop0.1", "8-16-drop0.2", {"conv1", "conv2"}),
    ],
)
def test_what_was_changed_is_marked_and_nothing_else(
    before: str, after: str, rows: set[str]
) -> None:
    assert changed(parse(before), parse(after)) == rows


def test_the_ladder_s_changes() -> None:
    one, two, three, four = (preset.spec for preset in TARGETS)
    assert changed(one, two) == {*CONVS, "transition1", "transition2"}
    assert changed(two, three) == changed(three, four) == CONVS


def test_forty_layers_are_aligned_too() -> None:
    many = parse("-".join(["8s"] * 40))
    fewer = parse("-".join(["8s"] * 39))
    assert len(changed(fewer, many)) == 1
    assert changed(fewer, many) <= {row.name for row in ledger(many).rows}
