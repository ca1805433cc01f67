"""The walk up the ladder, step by step: what changed, what was measured, what to try."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import streamlit as st

from mnistlab import zoo
from mnistlab.arch.diff import changed
from mnistlab.arch.ledger import ledger
from mnistlab.arch.presets import Preset
from mnistlab.charts import ladder as charts
from mnistlab.charts.picture import picture
from mnistlab.runs.compare import differing
from mnistlab.runs.forecast import duration
from mnistlab.runs.outcome import interval
from mnistlab.runs.state import Run
from mnistlab.runs.study import spread
from mnistlab.training.against import against
from mnistlab.training.epoch import Epoch, best
from mnistlab.training.ladder import RUNGS, Rung
from mnistlab.training.record import CheckpointError, Record, read_json, read_record
from mnistlab.training.score import Score, percent
from mnistlab.training.suggest import command
from mnistlab.training.switches import switch
from mnistlab.ui import parts, plot, story
from mnistlab.ui.drawing import draw


@lru_cache(maxsize=32)
def _read(path: Path, changed_at: int) -> Record:
    return read_json(path)


def record(rung: Rung) -> Record | None:
    """A target's shipped record, None if there is none. Raises CheckpointError if it is damaged."""
    path = zoo.record(rung.preset.name)
    return _read(path, path.stat().st_mtime_ns) if path else None


def step(number: int, mine: Run | None) -> None:
    """One of the four steps, from its question to one thing to try."""
    rung = RUNGS[number]
    before = RUNGS[number - 1] if number else None
    preset = rung.preset
    try:
        shipped, earlier = record(rung), record(before) if before else None
    except CheckpointError as error:
        st.warning(str(error))
        shipped = earlier = None
    with st.container(border=True):
        st.subheader(f"{number + 1} · {preset.title}: {preset.question}", anchor=False)
        told, figures = st.columns([3, 2], gap="medium")
        with told:
            st.markdown(story.STEPS[preset.name])
            st.markdown(f"**How it is trained.** {rung.way}")
            if before:
                _difference(before, rung)
        with figures:
            st.html(parts.gauge(ledger(preset.spec).total))
            _figures(rung, shipped, mine)
        st.html(parts.note(_took(shipped)))
        st.code(command(rung.spec, rung.full), language="sh", wrap_lines=True)
        body = picture(
            ledger(preset.spec),
            changed=changed(before.spec, rung.spec) if before else (),
            choosable=False,
        )
        draw(body, f"picture-{preset.name}")
        if before:
            st.html(parts.note(f"Framed: not as in {before.preset.label.lower()}."))
        _curves(rung, shipped, earlier, mine)
        _onwards(rung, mine)


def _figures(rung: Rung, shipped: Record | None, mine: Run | None) -> None:
    """The article's figures, this lab's, and the visitor's own, beside each other."""
    article = rung.preset.article
    assert article is not None
    validation = percent(article.validation / 100) if article.validation else "–"
    columns: list[tuple[str, ...]] = [
        ("", "Last train", "Best validation", "95% CI", "its epoch", "Last validation"),
        ("Article", percent(article.train / 100), validation, "–", "–", "–"),
    ]
    if shipped:
        columns.append(("This lab", *_column(shipped.epochs, shipped.kept)))
    kept = best(mine.epochs) if mine else None
    if mine and kept:
        columns.append((f"Run {mine.id}", *_column(mine.epochs, kept)))
    head, *every = zip(*columns, strict=True)
    lines = [line for line in every if set(line[1:]) != {"–"}]
    st.html(parts.table(head, lines, sums=False))
    if mine:
        of = mine.recipe
        st.html(parts.note(f"Run {mine.id} is yours: {of.digits:,} digits, {of.split} split."))
    if shipped:
        compared = against(article, [(shipped.epochs, shipped.kept)])
        st.html(parts.note(" ".join(map(str, compared))))


def _took(shipped: Record | None) -> str:
    """What the command below it did, or would do."""
    if shipped is None:
        return "This lab has not measured it yet. To do so:"
    took = f"{len(shipped.epochs)} epochs in {duration(shipped.seconds)}"
    return f"This lab's figures are one seed's, {took}, by"


def _column(epochs: Sequence[Epoch], kept: Epoch) -> tuple[str, ...]:
    return (
        percent(epochs[-1].train_accuracy),
        percent(kept.validation_accuracy),
        interval(kept.validation),
        str(kept.number),
        percent(epochs[-1].validation_accuracy),
    )


def _difference(before: Rung, rung: Rung) -> None:
    """What was chosen otherwise than in the step before."""
    ways = [(each.spec, each.full) for each in (before, rung)]
    head = ("What changes", before.preset.label, rung.preset.label)
    rows = [(each.choice, *each.values) for each in differing(ways)]
    totals = [f"{ledger(spec).total:,}" for spec, _ in ways]
    if totals[0] != totals[1]:
        rows.append(("parameters", *totals))
    st.html(parts.rows(rows, head))


def _curves(rung: Rung, shipped: Record | None, earlier: Record | None, mine: Run | None) -> None:
    """The record's curves, or the visitor's own, and what to look for in them."""
    if shipped:
        seen, kept, before = shipped.epochs, shipped.epoch, earlier.epochs if earlier else ()
    elif mine:
        seen, kept, before = mine.epochs, mine.best_epoch or 0, ()
    else:
        st.html(parts.empty("No curves yet: they come with the first run of the ladder."))
        return
    plot.chart(charts.beside(rung, seen, kept, before), f"walk-{rung.preset.name}")
    st.html(parts.note(f"What to look for: {rung.look}"))


def _onwards(rung: Rung, mine: Run | None) -> None:
    """One thing to try, the way to the bench, the visitor's own run."""
    tried = switch(rung.spec, rung.quick, rung.trial.switch)
    with st.container(horizontal=True, key=f"onwards-{rung.preset.name}"):
        st.page_link(
            "pages/experiments.py",
            label=f"Try: {rung.trial.says}",
            icon=":material/science:",
            query_params={
                "view": "One choice",
                "target": rung.preset.label,
                "switch": tried.label,
            },
        )
        _open(rung.preset)
        if mine:
            st.page_link(
                "pages/run.py",
                label=f"Your run {mine.id}",
                icon=":material/show_chart:",
                query_params={"run": str(mine.id)},
            )


def _open(preset: Preset) -> None:
    st.page_link(
        "pages/design.py",
        label=f"Open “{preset.label}” in design",
        icon=":material/tune:",
        query_params={"net": str(preset.spec)},
    )


def own(preset: Preset) -> None:
    """One of the lab's own two networks: its question, its figures, the way to the bench."""
    with st.container(border=True, height="stretch"):
        st.subheader(preset.title, anchor=False)
        st.markdown(f"**{preset.question}** {preset.change}")
        st.html(parts.gauge(ledger(preset.spec).total))
        if told := _measured(preset):
            st.html(parts.note(told))
        line = f"python -m mnistlab study {preset.name} --split all --seeds 5"
        st.code(line, language="sh", wrap_lines=True)
        _open(preset)


def _measured(preset: Preset) -> str | None:
    """What five seeds came to, and which of them is shipped."""
    path = zoo.shipped(preset.name)
    if path is None:
        return None
    try:
        shipped = read_record(path)
    except CheckpointError as error:
        return str(error)
    found = spread([Score(errors, 10_000) for errors in zoo.STUDIES.get(preset.name, ())])
    return (
        f"This lab: {found}, the last of {len(shipped.epochs)} epochs, the test images read once "
        f"for each seed. Shipped is the first: {percent(shipped.headline.accuracy)}."
    )
