"""The home page's panels: the article's targets and our own networks."""

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
from mnistlab.experiments.seeds import seed_stats
from mnistlab.experiments.targets import LabNetwork, Target, predecessor
from mnistlab.experiments.variants import find_variant
from mnistlab.stats.score import Score
from mnistlab.store.run import Run
from mnistlab.text import duration, percent, percent_range
from mnistlab.training.defaults import train_command
from mnistlab.training.epoch import Epoch, best
from mnistlab.training.record import TrainingRecord, read_record, read_record_json
from mnistlab.ui.common import html, page, plot
from mnistlab.ui.common.svg import show_svg

DEFAULT_SEEDS = 5
"""Seeds in the command for a network without results."""


@lru_cache(maxsize=32)
def _cached_record(path: Path, modified_at: int) -> TrainingRecord:
    return read_record_json(path)


def record(target: Target) -> TrainingRecord | None:
    """A target's bundled record, None if there is none. Raises CheckpointError if damaged."""
    path = zoo.record(target.preset.name)
    return _cached_record(path, path.stat().st_mtime_ns) if path else None


def target_panel(target: Target, own_run: Run | None) -> None:
    """One of the article's targets: concepts, training, results, curves, a suggestion."""
    before, preset = predecessor(target), target.preset
    try:
        ours, previous = record(target), record(before) if before else None
    except CheckpointError as error:
        page.show_warning(error)
        ours = previous = None
    with st.container(border=True):
        st.subheader(f"{preset.label} · {preset.title}: {target.question}", anchor=False)
        text, results = st.columns([3, 2], gap="medium")
        with text:
            st.markdown(target.concepts)
            st.markdown(f"**Training.** {target.training_notes}")
            if before:
                _changes(before, target)
        with results:
            st.html(html.budget_bar(summarize(preset.spec).total))
            _results(target, ours, own_run)
        st.html(html.caption(_duration_note(ours)))
        st.code(train_command(target.spec, target.full), language="sh", wrap_lines=True)
        body = network_picture(
            summarize(preset.spec),
            changed=changed_layers(before.spec, target.spec) if before else (),
            selectable=False,
        )
        show_svg(body, f"picture-{preset.name}")
        if before:
            st.html(html.caption(f"Outlined layers differ from {before.preset.label.lower()}."))
        _curves(target, ours, previous, own_run)
        _links(target, own_run)


def _results(target: Target, ours: TrainingRecord | None, own_run: Run | None) -> None:
    """The article's results, ours, and those of the user's own run."""
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
    if ours:
        columns.append(("Ours", *_column(ours.epochs, ours.saved_epoch)))
    best_epoch = best(own_run.epochs) if own_run else None
    if own_run and best_epoch:
        columns.append((f"Run {own_run.id}", *_column(own_run.epochs, best_epoch)))
    head, *rows = zip(*columns, strict=True)
    lines = [row for row in rows if set(row[1:]) != {"–"}]
    st.html(html.table(head, lines, sums=False))
    if own_run:
        images, protocol = own_run.recipe.available_images, own_run.recipe.split.label.lower()
        st.html(
            html.caption(f"Run {own_run.id} is yours ({images:,} images, {protocol} protocol).")
        )
    if ours:
        comparison = compare_with_article(article, [(ours.epochs, ours.saved_epoch)])
        st.html(html.caption(" ".join(map(str, comparison))))


def _duration_note(ours: TrainingRecord | None) -> str:
    """The caption of the command: what it took, or that it was not run yet."""
    if ours is None:
        return "Not measured yet. Run:"
    return f"Ours: 1 seed, {len(ours.epochs)} epochs, {duration(ours.seconds)}. Reproduce:"


def _column(epochs: Sequence[Epoch], saved: Epoch) -> tuple[str, ...]:
    return (
        percent(epochs[-1].train_accuracy),
        percent(saved.validation_accuracy),
        percent_range(*saved.validation.confidence_interval),
        str(saved.number),
        percent(epochs[-1].validation_accuracy),
    )


def _changes(before: Target, target: Target) -> None:
    """The network and recipe settings that differ from the previous target."""
    configs = [(each.spec, each.full) for each in (before, target)]
    head = ("Changes", before.preset.label, target.preset.label)
    rows = [(each.setting, *each.values) for each in config_differences(configs)]
    totals = [f"{summarize(spec).total:,}" for spec, _ in configs]
    if totals[0] != totals[1]:
        rows.append(("parameters", *totals))
    st.html(html.rows(rows, head))


def _curves(
    target: Target,
    ours: TrainingRecord | None,
    previous: TrainingRecord | None,
    own_run: Run | None,
) -> None:
    """Our curves, or those of the user's own run, and what to look for in them."""
    if ours:
        epochs, saved = ours.epochs, ours.epoch
    elif own_run:
        epochs, saved = own_run.epochs, own_run.best_epoch or 0
    else:
        st.html(html.empty("No curves yet. Train this target in Experiments."))
        return
    before = previous.epochs if ours and previous else ()
    plot.chart(charts.target_curves(target, epochs, saved, before), f"curves-{target.preset.name}")
    st.html(html.caption(f"What to look for. {target.what_to_look_for}"))


def _links(target: Target, own_run: Run | None) -> None:
    """Links to an ablation, the Design page and the user's own run."""
    variant = find_variant(target.spec, target.quick, target.suggestion.variant)
    with st.container(horizontal=True, key=f"links-{target.preset.name}"):
        st.page_link(
            "pages/experiments.py",
            label=f"Try it: {target.suggestion.question}",
            icon=":material/science:",
            query_params={
                "view": "Ablation",
                "target": target.preset.label,
                "variant": variant.label,
            },
        )
        _design_link(target.preset)
        if own_run:
            st.page_link(
                "pages/run.py",
                label=f"Your run {own_run.id}",
                icon=":material/show_chart:",
                query_params={"run": str(own_run.id)},
            )


def _design_link(preset: Preset) -> None:
    st.page_link(
        "pages/design.py",
        label=f"Open {preset.label[0].lower()}{preset.label[1:]} in Design",
        icon=":material/tune:",
        query_params={"net": str(preset.spec)},
    )


def lab_network_panel(network: LabNetwork) -> None:
    """One of our own networks: its question, its results, a link to Design."""
    preset = network.preset
    with st.container(border=True, height="stretch"):
        st.subheader(preset.title, anchor=False)
        st.markdown(f"**{network.question}** {network.change}")
        st.html(html.budget_bar(summarize(preset.spec).total))
        if note := _seed_results(preset):
            st.html(html.caption(note))
        seeds = len(zoo.SEED_ERRORS.get(preset.name, ())) or DEFAULT_SEEDS
        command = f"python -m mnistlab study {preset.name} --split {Split.ALL} --seeds {seeds}"
        st.code(command, language="sh", wrap_lines=True)
        _design_link(preset)


def _seed_results(preset: Preset) -> str | None:
    """The test accuracy over seeds, and which seed is pretrained; None without a checkpoint."""
    path, errors = zoo.checkpoint(preset.name), zoo.SEED_ERRORS.get(preset.name)
    if path is None or not errors:
        return None
    try:
        training = read_record(path)
    except CheckpointError as error:
        return str(error)
    stats = seed_stats([Score(count, MNIST.n_test) for count in errors])
    return (
        f"Ours: {stats}, last of {len(training.epochs)} epochs, tested once per seed. The "
        f"pretrained checkpoint is seed 0: {percent(training.reported_score.accuracy)}."
    )
