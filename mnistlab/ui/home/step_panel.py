"""One step of the home page: its question and answer, what changed, the idea and the curves."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from mnistlab import zoo
from mnistlab.arch.diff import changed_layers
from mnistlab.arch.summary import summarize
from mnistlab.charts import target_curves as charts
from mnistlab.charts.network import network_picture
from mnistlab.data.options import Split
from mnistlab.errors import CheckpointError
from mnistlab.experiments.article import compare_with_article
from mnistlab.experiments.differences import config_differences
from mnistlab.experiments.measured import outcome, records, stats
from mnistlab.experiments.seeds import SeedStats
from mnistlab.experiments.steps import Distillation, predecessor
from mnistlab.experiments.targets import Step, Target
from mnistlab.experiments.variants import find_variant
from mnistlab.recipe.defaults import default_recipe, train_command
from mnistlab.recipe.recipe_text import recipe_to_text
from mnistlab.store.run import Run
from mnistlab.text import duration, mean_and_spread, percent, percent_range, quantity
from mnistlab.training.epoch import Epoch, best
from mnistlab.training.record import TrainingRecord
from mnistlab.ui.common import html, page, plot
from mnistlab.ui.common.svg import show_svg
from mnistlab.ui.home import terms
from mnistlab.worker.source_search import pretrained_source

DEFAULT_SEEDS = 5
"""Seeds in the command for a network without results."""


def show(step: Step, own_run: Run | None) -> None:
    """The open step; `own_run` is the user's own run of its recipe."""
    before = predecessor(step)
    try:
        sentence, ours = outcome(step), records(step)
        previous = records(before) if before else ()
    except CheckpointError as error:
        page.show_warning(error)
        sentence, ours, previous = "", (), ()
    st.html(html.question(step.question, sentence))
    changed = changed_layers(before.spec, step.spec) if before else ()
    show_svg(
        network_picture(summarize(step.spec), changed=changed, selectable=False), "step_picture"
    )
    idea, curves = st.columns([2, 3], gap="medium")
    with idea:
        st.html(terms.explained(step.concepts))
        if changed and before:
            st.html(html.caption(f"Outlined layers differ from {before.label.lower()}."))
        _links(step, own_run)
    with curves:
        _curves(step, ours, previous, own_run)
    figures, discuss = st.columns(2)
    with figures, st.expander("Exact figures and commands", icon=":material/table_chart:"):
        _figures(step, before, ours, own_run)
    with discuss, st.expander("Discuss", icon=":material/forum:"):
        st.markdown("\n".join(f"- {question}" for question in step.discuss))


Trainings = Sequence[TrainingRecord]
"""Bundled trainings of one network, the first one seed 0's; none if it was not trained yet."""


def _curves(step: Step, ours: Trainings, previous: Trainings, own_run: Run | None) -> None:
    """The curves of our seed 0, or of the user's own run, and what to look for in them."""
    if ours:
        epochs, saved = ours[0].epochs, ours[0].epoch
    elif own_run:
        epochs, saved = own_run.epochs, own_run.best_epoch or 0
    else:
        epochs, saved = (), 0
    if epochs:
        before = previous[0].epochs if ours and previous else ()
        plot.chart(charts.target_curves(step, epochs, saved, before), "step_curves")
    else:
        st.html(html.empty("No curves yet. Train this network."))
    st.html(html.caption(f"What to look for. {step.what_to_look_for}"))


def _links(step: Step, own_run: Run | None) -> None:
    """Links to an ablation or a training, to the Design page and to the user's own run."""
    with st.container(key="links-step", gap="xsmall"):
        if isinstance(step, Target):
            variant = find_variant(step.spec, step.quick, step.suggestion.variant)
            st.page_link(
                "pages/experiments.py",
                label=f"Try it: {step.suggestion.question}",
                icon=":material/science:",
                query_params={
                    "view": "Ablation",
                    "target": step.label,
                    "variant": variant.label,
                },
            )
        else:
            _training_link(step)
        st.page_link(
            "pages/design.py",
            label="Open in Design",
            icon=":material/tune:",
            query_params={"net": str(step.spec)},
        )
        if own_run:
            st.page_link(
                "pages/run.py",
                label=f"Your run {own_run.id}",
                icon=":material/show_chart:",
                query_params={"run": str(own_run.id)},
            )


def _training_link(step: Step) -> None:
    """A link to Train with the step's network, and with its teacher if it has one."""
    label, query = "Try it: train this network", {"net": str(step.spec)}
    if isinstance(step, Distillation):
        try:
            teacher = pretrained_source(step.teacher)
        except CheckpointError as error:
            page.show_warning(error)
            return
        recipe = replace(default_recipe(step.spec), teacher=teacher.short)
        label = "Try it: learn from the most accurate network"
        query["recipe"] = recipe_to_text(recipe, default_recipe(step.spec))
    st.page_link("pages/train.py", label=label, icon=":material/play_arrow:", query_params=query)


def _figures(step: Step, before: Step | None, ours: Trainings, own_run: Run | None) -> None:
    """Totals, results, changes and the command that reproduces them."""
    st.html(html.budget_bar(step.total))
    if isinstance(step, Target):
        st.markdown(f"**Training.** {step.training_notes}")
        _results(step, ours, own_run)
        if isinstance(before, Target):
            _changes(before, step)
        note = _duration_note(ours)
        command = train_command(step.spec, step.full)
    else:
        st.markdown(step.change)
        note = _seed_note(step, ours)
        seeds = len(zoo.SEED_ERRORS.get(step.name, ())) or DEFAULT_SEEDS
        teacher = f" --teacher {step.teacher}" if isinstance(step, Distillation) else ""
        study = f"study {step.preset.name}{teacher} --split {Split.ALL} --seeds {seeds}"
        command = f"python -m mnistlab {study}"
    st.html(html.caption(note) + html.mono(command))


def _results(target: Target, ours: Trainings, own_run: Run | None) -> None:
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
        runs = [(training.epochs, training.saved_epoch) for training in ours]
        columns.append(("Ours" if len(ours) == 1 else f"Ours, {len(ours)} seeds", *_column(runs)))
    best_epoch = best(own_run.epochs) if own_run else None
    if own_run and best_epoch:
        columns.append((f"Run {own_run.id}", *_column([(own_run.epochs, best_epoch)])))
    head, *rows = zip(*columns, strict=True)
    lines = [row for row in rows if set(row[1:]) != {"–"}]
    st.html(html.table(head, lines, sums=False))
    if own_run:
        images, protocol = own_run.recipe.available_images, own_run.recipe.split.label.lower()
        st.html(
            html.caption(f"Run {own_run.id} is yours ({images:,} images, {protocol} protocol).")
        )
    if ours:
        comparison = compare_with_article(article, runs)
        st.html(html.caption(" ".join(map(str, comparison))))


def _column(runs: Sequence[tuple[Sequence[Epoch], Epoch]]) -> tuple[str, ...]:
    """A column of the results: of one training, or mean ± SD over seeds."""
    last, saved = [epochs[-1] for epochs, _ in runs], [best_epoch for _, best_epoch in runs]
    validation = SeedStats(tuple(epoch.validation for epoch in saved))
    numbers = sorted({epoch.number for epoch in saved})
    return (
        mean_and_spread([epoch.train_accuracy for epoch in last]),
        mean_and_spread([epoch.validation_accuracy for epoch in saved]),
        percent_range(*validation.confidence_interval),
        str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}–{numbers[-1]}",
        mean_and_spread([epoch.validation_accuracy for epoch in last]),
    )


def _changes(before: Target, target: Target) -> None:
    """The network and recipe settings that differ from the previous target."""
    configs = [(each.spec, each.full) for each in (before, target)]
    head = ("Changes", before.label, target.label)
    rows = [(each.setting, *each.values) for each in config_differences(configs)]
    if before.total != target.total:
        rows.append(("parameters", f"{before.total:,}", f"{target.total:,}"))
    st.html(html.rows(rows, head))


def _duration_note(ours: Trainings) -> str:
    """The caption of the command: what it took, or that it was not run yet."""
    if not ours:
        return "Not measured yet. Run:"
    return (
        f"Ours: {quantity(len(ours), 'seed')}, {len(ours[0].epochs)} epochs, "
        f"{duration(ours[0].seconds)} with seed 0. Reproduce:"
    )


def _seed_note(step: Step, trainings: Trainings) -> str:
    """The test accuracy over seeds, and which seed is pretrained."""
    ours = stats(step)
    if ours is None or not trainings:
        return "Not measured yet. Run:"
    return (
        f"Ours: {ours}, last of {len(trainings[0].epochs)} epochs, tested once per seed. The "
        f"pretrained checkpoint is seed 0: {percent(trainings[0].reported_score.accuracy)}. "
        "Reproduce:"
    )
