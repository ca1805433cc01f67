"""The targets on the home page: what changes, what was measured, what to try; and what follows."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import streamlit as st

from mnistlab import zoo
from mnistlab.arch.diff import changed_layers
from mnistlab.arch.presets import Preset
from mnistlab.arch.summary import summarize
from mnistlab.charts import target_curves as charts
from mnistlab.charts.network import network_picture
from mnistlab.data.dataset import MNIST
from mnistlab.data.options import Split
from mnistlab.errors import CheckpointError
from mnistlab.experiments.article import compare_with_article
from mnistlab.experiments.differences import config_differences
from mnistlab.experiments.results_table import interval_text
from mnistlab.experiments.seeds import seed_stats
from mnistlab.experiments.targets import LabNetwork, Target, predecessor
from mnistlab.experiments.variants import find_variant
from mnistlab.stats.score import Score, percent
from mnistlab.store.run import Run
from mnistlab.training.defaults import train_command
from mnistlab.training.epoch import Epoch, best
from mnistlab.training.record import TrainingRecord, read_record, read_record_json
from mnistlab.ui.common import html, plot
from mnistlab.ui.common.svg import show_svg
from mnistlab.worker.forecast import duration

SEEDS = 5
"""Seeds to train a network with that has not been measured yet."""


@lru_cache(maxsize=32)
def _read(path: Path, changed_at: int) -> TrainingRecord:
    return read_record_json(path)


def record(target: Target) -> TrainingRecord | None:
    """A target's shipped record, None if there is none. Raises CheckpointError if it is damaged."""
    path = zoo.record(target.preset.name)
    return _read(path, path.stat().st_mtime_ns) if path else None


def step(target: Target, mine: Run | None) -> None:
    """One of the article's targets, from its question to one thing to try."""
    before, preset = predecessor(target), target.preset
    try:
        shipped, earlier = record(target), record(before) if before else None
    except CheckpointError as error:
        st.warning(str(error))
        shipped = earlier = None
    with st.container(border=True):
        st.subheader(f"{preset.label} · {preset.title}: {target.question}", anchor=False)
        told, figures = st.columns([3, 2], gap="medium")
        with told:
            st.markdown(target.concepts)
            st.markdown(f"**Training.** {target.training_notes}")
            if before:
                _difference(before, target)
        with figures:
            st.html(html.budget_bar(summarize(preset.spec).total))
            _figures(target, shipped, mine)
        st.html(html.caption(_took(shipped)))
        st.code(train_command(target.spec, target.full), language="sh", wrap_lines=True)
        body = network_picture(
            summarize(preset.spec),
            changed=changed_layers(before.spec, target.spec) if before else (),
            choosable=False,
        )
        show_svg(body, f"picture-{preset.name}")
        if before:
            st.html(html.caption(f"Outlined layers differ from {before.preset.label.lower()}."))
        _curves(target, shipped, earlier, mine)
        _onwards(target, mine)


def _figures(target: Target, shipped: TrainingRecord | None, mine: Run | None) -> None:
    """The article's figures, ours, and those of the user's own run."""
    article = target.preset.article
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
        columns.append(("Ours", *_column(shipped.epochs, shipped.saved_epoch)))
    kept = best(mine.epochs) if mine else None
    if mine and kept:
        columns.append((f"Run {mine.id}", *_column(mine.epochs, kept)))
    head, *every = zip(*columns, strict=True)
    lines = [line for line in every if set(line[1:]) != {"–"}]
    st.html(html.table(head, lines, sums=False))
    if mine:
        images, protocol = mine.recipe.available_images, mine.recipe.split.label.lower()
        st.html(html.caption(f"Run {mine.id} is yours ({images:,} images, {protocol} protocol)."))
    if shipped:
        compared = compare_with_article(article, [(shipped.epochs, shipped.saved_epoch)])
        st.html(html.caption(" ".join(map(str, compared))))


def _took(shipped: TrainingRecord | None) -> str:
    """What the command below it did, or would do."""
    if shipped is None:
        return "Not measured yet. Run:"
    return f"Ours: 1 seed, {len(shipped.epochs)} epochs, {duration(shipped.seconds)}. Reproduce:"


def _column(epochs: Sequence[Epoch], kept: Epoch) -> tuple[str, ...]:
    return (
        percent(epochs[-1].train_accuracy),
        percent(kept.validation_accuracy),
        interval_text(kept.validation),
        str(kept.number),
        percent(epochs[-1].validation_accuracy),
    )


def _difference(before: Target, target: Target) -> None:
    """What differs from the target before."""
    ways = [(each.spec, each.full) for each in (before, target)]
    head = ("Changes", before.preset.label, target.preset.label)
    rows = [(each.setting, *each.values) for each in config_differences(ways)]
    totals = [f"{summarize(spec).total:,}" for spec, _ in ways]
    if totals[0] != totals[1]:
        rows.append(("parameters", *totals))
    st.html(html.rows(rows, head))


def _curves(
    target: Target, shipped: TrainingRecord | None, earlier: TrainingRecord | None, mine: Run | None
) -> None:
    """The record's curves, or those of the user's own run, and what to look for in them."""
    if shipped:
        seen, kept, before = shipped.epochs, shipped.epoch, earlier.epochs if earlier else ()
    elif mine:
        seen, kept, before = mine.epochs, mine.best_epoch or 0, ()
    else:
        st.html(html.empty("No curves yet. Train this target in Experiments."))
        return
    plot.chart(charts.target_curves(target, seen, kept, before), f"walk-{target.preset.name}")
    st.html(html.caption(f"What to look for. {target.what_to_look_for}"))


def _onwards(target: Target, mine: Run | None) -> None:
    """One thing to try, the way to the design page, the user's own run."""
    tried = find_variant(target.spec, target.quick, target.suggestion.variant)
    with st.container(horizontal=True, key=f"onwards-{target.preset.name}"):
        st.page_link(
            "pages/experiments.py",
            label=f"Try it: {target.suggestion.question}",
            icon=":material/science:",
            query_params={
                "view": "Ablation",
                "target": target.preset.label,
                "variant": tried.label,
            },
        )
        _open(target.preset)
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
        st.html(html.budget_bar(summarize(preset.spec).total))
        if told := _measured(preset):
            st.html(html.caption(told))
        seeds = len(zoo.SEED_ERRORS.get(preset.name, ())) or SEEDS
        line = f"python -m mnistlab study {preset.name} --split {Split.ALL} --seeds {seeds}"
        st.code(line, language="sh", wrap_lines=True)
        _open(preset)


def _measured(preset: Preset) -> str | None:
    """What its seeds came to, and which of them is pretrained; None without a checkpoint."""
    path, errors = zoo.shipped(preset.name), zoo.SEED_ERRORS.get(preset.name)
    if path is None or not errors:
        return None
    try:
        shipped = read_record(path)
    except CheckpointError as error:
        return str(error)
    found = seed_stats([Score(count, MNIST.n_test) for count in errors])
    return (
        f"Ours: {found}, last of {len(shipped.epochs)} epochs, tested once per seed. The "
        f"pretrained checkpoint is seed 0: {percent(shipped.reported_score.accuracy)}."
    )
