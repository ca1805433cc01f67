"""Which layers changed, held against networks changed on purpose."""

import itertools
from typing import Any

import pytest

from mnistlab.arch.diff import align_rows, changed_layers
from mnistlab.arch.presets import ARTICLE_PRESETS, PRESETS
from mnistlab.arch.spec import Spec, parse
from mnistlab.arch.summary import summarize
from tests.random_specs import possible

SUMMARIES = [summarize(p.spec) for p in PRESETS] + possible(60)
CONVS = {f"conv{n}" for n in range(1, 7)}


def test_nothing_changes_between_a_network_and_itself() -> None:
    for preset in PRESETS:
        assert changed_layers(preset.spec, preset.spec) == set()


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
        ("8-8s-p", "8-8r-p", {"conv2"}),
        ("8-8-t4", "8-8d-t4", {"conv2"}),
        ("8-t4-16", "8-t4-16-gelu", {"conv1", "transition1", "conv2", "head1"}),
        # The head's 1×1 is no transition, though it has as many filters.
        ("8-16-t10-gap", "8-16-full", {"head1", "head2"}),
    ],
)
def test_what_was_changed_is_marked_and_nothing_else(
    before: str, after: str, rows: set[str]
) -> None:
    assert changed_layers(parse(before), parse(after)) == rows


def test_the_changes_between_the_targets() -> None:
    one, two, three, four = (preset.spec for preset in ARTICLE_PRESETS)
    assert changed_layers(one, two) == {*CONVS, "transition1", "transition2"}
    assert changed_layers(two, three) == changed_layers(three, four) == CONVS


def test_forty_layers_are_aligned_too() -> None:
    many = parse("-".join(["8s"] * 40))
    fewer = parse("-".join(["8s"] * 39))
    assert len(changed_layers(fewer, many)) == 1
    assert changed_layers(fewer, many) <= {row.name for row in summarize(many).rows}


@pytest.mark.parametrize("other", [p.spec for p in PRESETS])
def test_rows_side_by_side_are_all_rows_in_their_order(other: Spec) -> None:
    for result in SUMMARIES:
        theirs = summarize(other)
        pairs = align_rows(result, theirs)
        assert [a for a, _ in pairs if a] == list(result.rows)
        assert [b for _, b in pairs if b] == list(theirs.rows)
        assert all(a.kind is b.kind for a, b in pairs if a and b)
        gaps = sum((a.total if a else 0) - (b.total if b else 0) for a, b in pairs)
        assert gaps == result.total - theirs.total


def test_one_layer_more_is_one_row_without_a_counterpart() -> None:
    mine, theirs = summarize(parse("8-16-p10-16-20-full")), summarize(parse("8-16-p10-16-full"))
    alone = [pair for pair in align_rows(mine, theirs) if None in pair]
    assert len(alone) == 1 and alone[0][1] is None


@pytest.mark.parametrize("preset", PRESETS, ids=lambda p: p.name)
def test_what_is_marked_as_changed_is_what_the_pairs_show(preset: Any) -> None:
    """The picture's marks and the table of differences come from one alignment."""
    for result in SUMMARIES:
        pairs = align_rows(summarize(preset.spec), result)
        marked = changed_layers(preset.spec, result.spec)
        assert {new.name for old, new in pairs if new and not old} <= marked
        for old, new in pairs:
            if old and new and new.name not in marked:
                assert (old.choice, old.label) == (new.choice, new.label)


def score(pairs: list[Any]) -> int:
    return sum(2 + (a.choice == b.choice) for a, b in pairs if a and b)


def test_no_other_alignment_keeps_more() -> None:
    for mine, other in itertools.pairwise(r for r in possible(40, 400) if len(r.rows) < 8):
        best = 0
        for kept in range(min(len(mine.rows), len(other.rows)) + 1):
            for a in itertools.combinations(mine.rows, kept):
                for b in itertools.combinations(other.rows, kept):
                    pairs = list(zip(a, b, strict=True))
                    if all((x.kind, x.in_head) == (y.kind, y.in_head) for x, y in pairs):
                        best = max(best, score(pairs))
        assert score(align_rows(mine, other)) == best
