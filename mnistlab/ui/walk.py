"""The targets on the home page: what changes, what was measured, what to try; and what follows."""

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
from mnistlab.data.dataset import MNIST
from mnistlab.data.kinds import Split
from mnistlab.runs.compare import differing
from mnistlab.runs.forecast import duration
from mnistlab.runs.outcome import interval
from mnistlab.runs.state import Run
from mnistlab.runs.study import spread
from mnistlab.training.against import against
from mnistlab.training.epoch import Epoch, best
from mnistlab.training.ladder import LabNetwork, Rung, predecessor
from mnistlab.training.record import CheckpointError, Record, read_json, read_record
from mnistlab.training.score import Score, percent
from mnistlab.training.suggest import command
from mnistlab.training.switches import switch
from mnistlab.ui import parts, plot
from mnistlab.ui.drawing import draw

SEEDS = 5
"""Seeds to train a network with that has not been measured yet."""


@lru_cache(maxsize=32)
def _read(path: Path, changed_at: int) -> Record:
    return read_json(path)


def record(rung: Rung) -> Record | None:
    """A target's shipped record, None if there is none. Raises CheckpointError if it is damaged."""
    path = zoo.record(rung.preset.name)
    return _read(path, path.stat().st_mtime_ns) if path else None


def step(rung: Rung, mine: Run | None) -> None:
    """One of the article's targets, from its question to one thing to try."""
    before, preset = predecessor(rung), rung.preset
    try:
        shipped, earlier = record(rung), record(before) if before else None
    except CheckpointError as error:
        st.warning(str(error))
        shipped = earlier = None
    with st.container(border=True):
        st.subheader(f"{preset.label} · {preset.title}: {rung.question}", anchor=False)
        told, figures = st.columns([3, 2], gap="medium")
        with told:
            st.markdown(rung.concepts)
            st.markdown(f"**Training.** {rung.way}")
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
            st.html(parts.note(f"Outlined layers differ from {before.preset.label.lower()}."))
        _curves(rung, shipped, earlier, mine)
        _onwards(rung, mine)


def _figures(rung: Rung, shipped: Record | None, mine: Run | None) -> None:
    """The article's figures, ours, and those of the user's own run."""
    article = rung.preset.article
    assert article is not None
    validation = percent(article.validation / 100) if article.validation else "–"
    columns: list[tuple[str, ...]] = [
        (
            *("", "Train (last epoch)", "Validation (best epoch)", "95% CI"),
            *("Best epoch", "Validation (last epoch)"),
        ),
        ("Article", percent(article.train / 100), validation, "–", "–", "–"),
    ]
    if shipped:
        columns.append(("Ours", *_column(shipped.epochs, shipped.kept)))
    kept = best(mine.epochs) if mine else None
    if mine and kept:
        columns.append((f"Run {mine.id}", *_column(mine.epochs, kept)))
    head, *every = zip(*columns, strict=True)
    lines = [line for line in every if set(line[1:]) != {"–"}]
    st.html(parts.table(head, lines, sums=False))
    if mine:
        images, protocol = mine.recipe.available_images, mine.recipe.split.label.lower()
        st.html(parts.note(f"Run {mine.id} is yours ({images:,} images, {protocol} protocol)."))
    if shipped:
        compared = against(article, [(shipped.epochs, shipped.kept)])
        st.html(parts.note(" ".join(map(str, compared))))


def _took(shipped: Record | None) -> str:
    """What the command below it did, or would do."""
    if shipped is None:
        return "Not measured yet. Run:"
    return f"Ours: 1 seed, {len(shipped.epochs)} epochs, {duration(shipped.seconds)}. Reproduce:"


def _column(epochs: Sequence[Epoch], kept: Epoch) -> tuple[str, ...]:
    return (
        percent(epochs[-1].train_accuracy),
        percent(kept.validation_accuracy),
        interval(kept.validation),
        str(kept.number),
        percent(epochs[-1].validation_accuracy),
    )


def _difference(before: Rung, rung: Rung) -> None:
    """What differs from the target before."""
    ways = [(each.spec, each.full) for each in (before, rung)]
    head = ("Changes", before.preset.label, rung.preset.label)
    rows = [(each.choice, *each.values) for each in differing(ways)]
    totals = [f"{ledger(spec).total:,}" for spec, _ in ways]
    if totals[0] != totals[1]:
        rows.append(("parameters", *totals))
    st.html(parts.rows(rows, head))


def _curves(rung: Rung, shipped: Record | None, earlier: Record | None, mine: Run | None) -> None:
    """The record's curves, or those of the user's own run, and what to look for in them."""
    if shipped:
        seen, kept, before = shipped.epochs, shipped.epoch, earlier.epochs if earlier else ()
    elif mine:
        seen, kept, before = mine.epochs, mine.best_epoch or 0, ()
    else:
        st.html(parts.empty("No curves yet. Train this target in Experiments."))
        return
    plot.chart(charts.beside(rung, seen, kept, before), f"walk-{rung.preset.name}")
    st.html(parts.note(f"What to look for. {rung.look}"))


def _onwards(rung: Rung, mine: Run | None) -> None:
    """One thing to try, the way to the design page, the user's own run."""
    tried = switch(rung.spec, rung.quick, rung.trial.switch)
    with st.container(horizontal=True, key=f"onwards-{rung.preset.name}"):
        st.page_link(
            "pages/experiments.py",
            label=f"Try it: {rung.trial.says}",
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
        label=f"Open {preset.label[0].lower()}{preset.label[1:]} in Design",
        icon=":material/tune:",
        query_params={"net": str(preset.spec)},
    )


def own(network: LabNetwork) -> None:
    """One of the lab's own networks: its question, its figures, the way to the design page."""
    preset = network.preset
    with st.container(border=True, height="stretch"):
        st.subheader(preset.title, anchor=False)
        st.markdown(f"**{network.question}** {network.change}")
        st.html(parts.gauge(ledger(preset.spec).total))
        if told := _measured(preset):
            st.html(parts.note(told))
        seeds = len(zoo.STUDIES.get(preset.name, ())) or SEEDS
        line = f"python -m mnistlab study {preset.name} --split {Split.ALL} --seeds {seeds}"
        st.code(line, language="sh", wrap_lines=True)
        _open(preset)


def _measured(preset: Preset) -> str | None:
    """What its seeds came to, and which of them is pretrained; None without a checkpoint."""
    path, errors = zoo.shipped(preset.name), zoo.STUDIES.get(preset.name)
    if path is None or not errors:
        return None
    try:
        shipped = read_record(path)
    except CheckpointError as error:
        return str(error)
    found = spread([Score(count, MNIST.n_test) for count in errors])
    return (
        f"Ours: {found}, last of {len(shipped.epochs)} epochs, tested once per seed. The "
        f"pretrained checkpoint is seed 0: {percent(shipped.headline.accuracy)}."
    )
