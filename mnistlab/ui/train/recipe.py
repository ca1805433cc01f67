"""The controls for a recipe: every setting with its explanation next to it.

They show the selected recipe; a change makes it the user's own (`recipe_choice.change`).
"""

from dataclasses import replace
from typing import Any

import streamlit as st

from mnistlab.arch.presets import TARGET_ACCURACY
from mnistlab.arch.spec import MAX_DROPOUT, Spec
from mnistlab.charts import epochs as charts
from mnistlab.classroom.task import Control
from mnistlab.data.dataset import MNIST
from mnistlab.data.options import Augmentation, Split
from mnistlab.recipe.recipe import (
    MAX_LABEL_SMOOTHING,
    MIN_BATCH,
    NormStatistics,
    Optimizer,
    Recipe,
)
from mnistlab.recipe.schedules import Schedule
from mnistlab.text import percent, quantity
from mnistlab.ui.classroom.session import session_home
from mnistlab.ui.classroom.session_task import locked
from mnistlab.ui.common import current_network, get_mnist, html, page, plot
from mnistlab.ui.train import recipe_choice, sources
from mnistlab.ui.train.controls import control, off_at_0, select

TRAIN_SIZES = {0: "All", 12_800: "12,800", 2_560: "2,560"}
IS_OPEN = "recipe_is_open"
"""Where the session keeps whether the settings are open, also while other pages are shown."""


def show_settings(spec: Spec, recipe: Recipe | None) -> None:
    """The settings behind a fold; `recipe` is None if one of them is out of bounds."""
    state = st.session_state
    fold = st.expander(
        "Recipe settings",
        expanded=state.setdefault(IS_OPEN, False),
        key="recipe_settings",
        on_change="rerun",
        icon=":material/tune:",
    )
    state[IS_OPEN] = bool(fold.open)
    # What is folded away takes no time to draw.
    if not fold.open:
        return
    with fold:
        epochs_tab, rate_tab, regularization_tab, evaluation_tab = st.tabs(
            ["Epochs & size", "Learning rate", "Regularization", "Evaluation"]
        )
    with epochs_tab:
        _epochs_and_size(spec)
        _early_stopping(spec)
        if recipe:
            st.caption(normalization(spec, recipe))
    with rate_tab:
        _learning_rate(spec)
        if recipe:
            plot.chart(charts.learning_rate(recipe), "planned_rate")
    with regularization_tab:
        _regularization(spec)
        if recipe:
            _preview(recipe)
    with evaluation_tab:
        _evaluation(spec, recipe)


def normalization(spec: Spec, recipe: Recipe) -> str:
    """Sentences: how many images an epoch, a batch and a batch norm statistic use."""
    text = (
        f"An epoch is {recipe.images_per_epoch:,} images in batches of {recipe.images_per_step:,}."
    )
    if recipe.images_per_step < recipe.batch_size:
        text += f" There are too few for a batch of {recipe.batch_size:,}."
    if spec.batch_norm:
        shards = f"{quantity(recipe.shards, 'part')} of {recipe.images_per_norm}"
        text += f" Batch norm normalizes within {shards} images."
    return text


def _epochs_and_size(spec: Spec) -> None:
    left, right = st.columns(2)
    left.number_input("Epochs", step=1, **control(spec, "epochs"))
    right.number_input(
        "Batch size",
        step=32,
        help="Larger batches: fewer steps, less gradient noise.",
        **control(spec, "batch_size"),
    )
    left, right = st.columns(2)
    size: Any = recipe_choice.values(spec)["train_size"] or 0
    sizes = TRAIN_SIZES if size in TRAIN_SIZES else TRAIN_SIZES | {size: f"{size:,}"}
    left.selectbox(
        "Training images",
        list(sizes),
        format_func=sizes.__getitem__,
        **off_at_0(spec, "train_size"),
    )
    right.number_input(
        "Norm batch size",
        min_value=0,
        step=32,
        help="Batch norm normalizes over at least this many images, or the whole batch if it is "
        f"smaller; 0 = automatic, minimum {MIN_BATCH}. On a CPU these parts run in parallel.",
        **off_at_0(spec, "norm_batch_size"),
    )


def _early_stopping(spec: Spec) -> None:
    st.number_input(
        "Early stopping patience (epochs; 0 = off)",
        min_value=0,
        step=1,
        **off_at_0(spec, "patience"),
    )
    st.number_input(
        "Stop at validation accuracy (%; 0 = off)",
        min_value=0.0,
        max_value=100.0,
        step=0.05,
        format="%.2f",
        help=f"The article's target accuracy is {percent(TARGET_ACCURACY)}.",
        **control(
            spec,
            "target_accuracy",
            lambda shown: round(shown / 100, 6) or None,
            lambda value: round(100 * (value or 0.0), 4),
        ),
    )


def _learning_rate(spec: Spec) -> None:
    st.number_input(
        "Learning rate",
        step=0.01,
        format="%g",
        help="Peak of the schedule.",
        **control(spec, "learning_rate"),
    )
    select(spec, "Optimizer", "optimizer", Optimizer)
    select(spec, "Schedule", "schedule", Schedule)


def _regularization(spec: Spec) -> None:
    left, right = st.columns(2)
    st.session_state["recipe_dropout"] = spec.dropout
    left.number_input(
        "Dropout rate",
        min_value=0.0,
        max_value=MAX_DROPOUT,
        step=0.01,
        format="%.2f",
        help="Dropout zeroes this fraction of 3×3 outputs while training. It belongs to the "
        "network, so a change makes another network of it.",
        key="recipe_dropout",
        on_change=_change_dropout,
        disabled=Control.DROPOUT in locked(),
        args=(spec,),
    )
    right.number_input(
        "Weight decay",
        step=0.0001,
        format="%g",
        help="Weight decay shrinks the weights every step.",
        **control(spec, "weight_decay"),
    )
    st.number_input(
        "Label smoothing",
        min_value=0.0,
        max_value=MAX_LABEL_SMOOTHING,
        step=0.01,
        format="%.2f",
        help=f"Spreads this fraction of the target evenly over the {MNIST.n_classes} classes, "
        "which limits overconfidence.",
        **control(spec, "label_smoothing"),
    )
    select(spec, "Augmentation", "augmentation", Augmentation)
    if spec.batch_norm:
        select(spec, "Batch norm's statistics", "norm_statistics", NormStatistics)
    sources.show(spec)


def _change_dropout(spec: Spec) -> None:
    dropout = round(st.session_state["recipe_dropout"], 4)
    page.run_action(current_network.set_current, replace(spec, dropout=dropout))
    recipe_choice.discard_address()


def _evaluation(spec: Spec, recipe: Recipe | None) -> None:
    split = st.segmented_control(
        "Evaluation protocol",
        [str(member) for member in Split],
        required=True,
        format_func=lambda value: Split(value).label,
        **control(spec, "split"),
    )
    one = Split(split)
    st.caption(one.explain(recipe.available_images) if recipe else one.help)
    st.number_input("Seed", step=1, **control(spec, "seed"))
    st.caption("Seeds differ by about 0.1 pp: train several before comparing.")


def _preview(recipe: Recipe) -> None:
    """Augmented training images. torch is imported only if the reader switches the preview on."""
    if not st.toggle("Preview augmentation", key="train_preview", persist_state="session"):
        return
    if not get_mnist.show("preview"):
        return
    from mnistlab.data.augment import preview

    images = preview(session_home().data, recipe.augmentation, recipe.seed)
    st.html(html.grid(list(images), columns=8))
