"""The controls for a recipe: every setting with its explanation next to it."""

from dataclasses import replace
from typing import Any

import streamlit as st

from mnistlab.arch.presets import TARGET_ACCURACY
from mnistlab.arch.spec import MAX_DROPOUT, Spec
from mnistlab.charts import epochs as charts
from mnistlab.choice import Choice
from mnistlab.data import download
from mnistlab.data.dataset import MNIST
from mnistlab.data.options import Augmentation, Split
from mnistlab.home import default_home
from mnistlab.text import percent, quantity
from mnistlab.training.defaults import default_recipe
from mnistlab.training.recipe import MAX_LABEL_SMOOTHING, MIN_BATCH, Optimizer, Recipe
from mnistlab.training.schedules import Schedule
from mnistlab.ui.common import html, plot

TRAIN_SIZES = {None: "All", 12_800: "12,800 (quick)", 2_560: "2,560 (demo)"}


def persistent(name: str, default: object = None) -> dict[str, Any]:
    """The arguments of a control whose value stays while the reader is on other pages.

    Another default is another control: a value for one network must not stay for the next.
    """
    key = f"train_{name}" if default is None else f"train_{name}_from_{default}"
    return {"key": key, "persist_state": "session"}


def choose_recipe(spec: Spec) -> tuple[Spec, Recipe]:
    """Show the controls; the network with its chosen dropout rate, and the recipe.

    Raises SpecError or RecipeError if a value is out of bounds.
    """
    default = default_recipe(spec)
    with st.container(border=True):
        epochs_tab, rate_tab, regularization_tab, evaluation_tab = st.tabs(
            ["Epochs & size", "Learning rate", "Regularization", "Evaluation"]
        )
        with epochs_tab:
            values = _epochs_and_size(default) | _early_stopping()
        with rate_tab:
            values |= _learning_rate(default)
        with regularization_tab:
            spec, regularization = _regularization(spec, default)
            values |= regularization
        with evaluation_tab:
            values |= _evaluation()
        recipe = Recipe(**values)
        with epochs_tab:
            st.caption(normalization(spec, recipe))
        with rate_tab:
            plot.chart(charts.learning_rate(recipe), "planned_rate")
        with regularization_tab:
            _preview(recipe)
    return spec, recipe


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


def _select(label: str, kind: type[Choice], default: Choice, **options: Any) -> Any:
    """A control for an enum: its members by their labels, and the help of the selected one."""
    selected = st.selectbox(
        label,
        list(kind),
        index=list(kind).index(default),
        format_func=lambda member: member.label,
        **options,
    )
    st.caption(selected.help)
    return selected


def _epochs_and_size(default: Recipe) -> dict[str, Any]:
    left, right = st.columns(2)
    epochs = left.number_input(
        "Epochs", value=default.epochs, step=1, **persistent("epochs", default.epochs)
    )
    batch_size = right.number_input(
        "Batch size",
        value=default.batch_size,
        step=32,
        help="Larger batches: fewer steps, less gradient noise.",
        **persistent("batch", default.batch_size),
    )
    left, right = st.columns(2)
    train_size = left.selectbox(
        "Training images",
        list(TRAIN_SIZES),
        format_func=TRAIN_SIZES.__getitem__,
        **persistent("train_size"),
    )
    norm_batch_size = right.number_input(
        "Norm batch size",
        value=0,
        min_value=0,
        step=32,
        help="Batch norm normalizes over at least this many images, or the whole batch if it is "
        f"smaller; 0 = automatic, minimum {MIN_BATCH}. On a CPU these parts run in parallel.",
        **persistent("norm_batch"),
    )
    return {
        "epochs": epochs,
        "batch_size": batch_size,
        "train_size": train_size,
        "norm_batch_size": norm_batch_size or None,
    }


def _early_stopping() -> dict[str, Any]:
    patience = st.number_input(
        "Early stopping patience (epochs; 0 = off)",
        value=0,
        min_value=0,
        step=1,
        **persistent("patience"),
    )
    target_accuracy = st.number_input(
        "Stop at validation accuracy (%; 0 = off)",
        value=0.0,
        min_value=0.0,
        max_value=100.0,
        step=0.05,
        format="%.2f",
        help=f"The article's target accuracy is {percent(TARGET_ACCURACY)}.",
        **persistent("target_accuracy"),
    )
    return {
        "patience": patience or None,
        "target_accuracy": round(target_accuracy / 100, 6) or None,
    }


def _learning_rate(default: Recipe) -> dict[str, Any]:
    rate = st.number_input(
        "Learning rate",
        value=default.learning_rate,
        step=0.01,
        format="%g",
        help="Peak of the schedule.",
        **persistent("rate", default.learning_rate),
    )
    optimizer = _select("Optimizer", Optimizer, default.optimizer, **persistent("optimizer"))
    schedule = _select("Schedule", Schedule, default.schedule, **persistent("schedule"))
    return {"learning_rate": rate, "optimizer": optimizer, "schedule": schedule}


def _regularization(spec: Spec, default: Recipe) -> tuple[Spec, dict[str, Any]]:
    left, right = st.columns(2)
    dropout = left.number_input(
        "Dropout rate",
        value=spec.dropout,
        min_value=0.0,
        max_value=MAX_DROPOUT,
        step=0.01,
        format="%.2f",
        help="Dropout zeroes this fraction of 3×3 outputs while training.",
        **persistent("dropout", spec),
    )
    decay = right.number_input(
        "Weight decay",
        value=default.weight_decay,
        step=0.0001,
        format="%g",
        help="Weight decay shrinks the weights every step.",
        **persistent("decay", default.weight_decay),
    )
    smoothing = st.number_input(
        "Label smoothing",
        value=default.label_smoothing,
        min_value=0.0,
        max_value=MAX_LABEL_SMOOTHING,
        step=0.01,
        format="%.2f",
        help=f"Spreads this fraction of the target evenly over the {MNIST.n_classes} classes, "
        "which limits overconfidence.",
        **persistent("smoothing", default.label_smoothing),
    )
    augmentation = _select(
        "Augmentation", Augmentation, default.augmentation, **persistent("augmentation")
    )
    return replace(spec, dropout=round(dropout, 4)), {
        "weight_decay": decay,
        "label_smoothing": smoothing,
        "augmentation": augmentation,
    }


def _evaluation() -> dict[str, Any]:
    split = st.segmented_control(
        "Evaluation protocol",
        list(Split),
        default=Split.HOLDOUT,
        required=True,
        format_func=lambda member: member.label,
        **persistent("split"),
    )
    st.caption(split.help)
    seed = st.number_input("Seed", value=0, step=1, **persistent("seed"))
    st.caption("Seeds differ by about 0.1 pp: train several before comparing.")
    return {"split": split, "seed": seed}


def _preview(recipe: Recipe) -> None:
    """Augmented training images. torch is imported only if the reader switches the preview on."""
    if not st.toggle("Preview augmentation", **persistent("preview")):
        return
    if not download.is_downloaded(default_home().data):
        st.html(html.caption(download.NOT_DOWNLOADED))
        return
    from mnistlab.data.augment import preview

    images = preview(default_home().data, recipe.augmentation, recipe.seed)
    st.html(html.grid(list(images), columns=8))
