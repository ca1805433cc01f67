"""The controls for a recipe: every setting with its explanation next to it."""

from dataclasses import replace
from typing import Any

import streamlit as st

from mnistlab.arch.presets import GOAL_ACCURACY
from mnistlab.arch.spec import MAX_DROPOUT, Spec
from mnistlab.charts import epochs as charts
from mnistlab.choice import Choice
from mnistlab.data import download
from mnistlab.data.dataset import MNIST
from mnistlab.data.options import Augmentation, Split
from mnistlab.home import home
from mnistlab.text import percent, quantity
from mnistlab.training.defaults import default_recipe
from mnistlab.training.recipe import MAX_LABEL_SMOOTHING, MIN_BATCH, Optimizer, Recipe
from mnistlab.training.schedules import Schedule
from mnistlab.ui.common import html, plot

SUBSETS = {None: "All", 12_800: "12,800 (quick)", 2_560: "2,560 (demo)"}


def keep(name: str, start: object = None) -> dict[str, Any]:
    """The key of a control whose value outlives a change of page.

    Another start is another control: what suits one network must not stay for the next.
    """
    key = f"train_{name}" if start is None else f"train_{name}_from_{start}"
    return {"key": key, "persist_state": "session"}


def choose(spec: Spec) -> tuple[Spec, Recipe]:
    """The controls: the network with the chosen dropout, and the recipe.

    Raises SpecError or RecipeError on a value out of its bounds.
    """
    start = default_recipe(spec)
    with st.container(border=True):
        length, rate, regular, data = st.tabs(
            ["Epochs & size", "Learning rate", "Regularization", "Evaluation"]
        )
        with length:
            values = _length(start)
        with rate:
            values |= _rate(start)
        with regular:
            spec, more = _regularize(spec, start)
            values |= more
        with data:
            values |= _data()
        recipe = Recipe(**values)
        with length:
            st.caption(normalization(spec, recipe))
        with rate:
            figure = charts.learning_rate(recipe)
            plot.chart(figure, "planned_rate")
        with regular:
            _preview(recipe)
    return spec, recipe


def normalization(spec: Spec, recipe: Recipe) -> str:
    """How many images an epoch and a step take, and batch norm normalizes over, as sentences."""
    words = (
        f"An epoch is {recipe.images_per_epoch:,} images in batches of {recipe.images_per_step:,}."
    )
    if recipe.images_per_step < recipe.batch_size:
        words += f" There are too few for a batch of {recipe.batch_size:,}."
    if spec.batch_norm:
        shards = f"{quantity(recipe.shards, 'part')} of {recipe.images_per_norm}"
        words += f" Batch norm normalizes within {shards} images."
    return words


def _select(label: str, kind: type[Choice], default: Choice, **options: Any) -> Any:
    """A control that offers an enum's members by their labels, and the help of the chosen one."""
    chosen = st.selectbox(
        label,
        list(kind),
        index=list(kind).index(default),
        format_func=lambda one: one.label,
        **options,
    )
    st.caption(chosen.help)
    return chosen


def _length(start: Recipe) -> dict[str, Any]:
    one, two = st.columns(2)
    epochs = one.number_input("Epochs", value=start.epochs, step=1, **keep("epochs", start.epochs))
    batch = two.number_input(
        "Batch size",
        value=start.batch_size,
        step=32,
        help="Larger batches: fewer steps, less gradient noise.",
        **keep("batch", start.batch_size),
    )
    one, two = st.columns(2)
    subset = one.selectbox(
        "Training images", list(SUBSETS), format_func=SUBSETS.__getitem__, **keep("digits")
    )
    norm = two.number_input(
        "Batch norm batch size (0 = automatic)",
        value=0,
        min_value=0,
        step=32,
        help="Batch norm normalizes over this many images of a batch. Parts of a batch run in "
        f"parallel on a CPU; the smallest is {MIN_BATCH}.",
        **keep("norm_batch"),
    )
    patience = st.number_input(
        "Early stopping patience (epochs; 0 = off)",
        value=0,
        min_value=0,
        step=1,
        **keep("patience"),
    )
    target_accuracy = st.number_input(
        "Stop at validation accuracy (%; 0 = off)",
        value=0.0,
        min_value=0.0,
        max_value=100.0,
        step=0.05,
        format="%.2f",
        help=f"The article's aim is {percent(GOAL_ACCURACY)}.",
        **keep("target_accuracy"),
    )
    return {
        "epochs": epochs,
        "batch_size": batch,
        "train_size": subset,
        "norm_batch_size": norm or None,
        "patience": patience or None,
        "target_accuracy": round(target_accuracy / 100, 6) or None,
    }


def _rate(start: Recipe) -> dict[str, Any]:
    rate = st.number_input(
        "Learning rate",
        value=start.learning_rate,
        step=0.01,
        format="%g",
        help="Peak of the schedule.",
        **keep("rate", start.learning_rate),
    )
    optimizer = _select("Optimizer", Optimizer, start.optimizer, **keep("optimizer"))
    schedule = _select("Schedule", Schedule, start.schedule, **keep("schedule"))
    return {"learning_rate": rate, "optimizer": optimizer, "schedule": schedule}


def _regularize(spec: Spec, start: Recipe) -> tuple[Spec, dict[str, Any]]:
    one, two = st.columns(2)
    dropout = one.number_input(
        "Dropout",
        value=spec.dropout,
        min_value=0.0,
        max_value=MAX_DROPOUT,
        step=0.01,
        format="%.2f",
        help="Dropout zeroes this fraction of 3×3 outputs while training.",
        **keep("dropout", spec),
    )
    decay = two.number_input(
        "Weight decay",
        value=start.weight_decay,
        step=0.0001,
        format="%g",
        help="Weight decay shrinks the weights every step.",
        **keep("decay", start.weight_decay),
    )
    smoothing = st.number_input(
        "Label smoothing",
        value=start.label_smoothing,
        min_value=0.0,
        max_value=MAX_LABEL_SMOOTHING,
        step=0.01,
        format="%.2f",
        help=f"Spreads this fraction of the target evenly over the {MNIST.n_classes} classes, "
        "which limits overconfidence.",
        **keep("smoothing", start.label_smoothing),
    )
    augmentation = _select("Augmentation", Augmentation, start.augmentation, **keep("augmentation"))
    return replace(spec, dropout=round(dropout, 4)), {
        "weight_decay": decay,
        "label_smoothing": smoothing,
        "augmentation": augmentation,
    }


def _data() -> dict[str, Any]:
    split = st.segmented_control(
        "Evaluation protocol",
        list(Split),
        default=Split.HOLDOUT,
        required=True,
        format_func=lambda one: one.label,
        **keep("split"),
    )
    st.caption(split.help)
    seed = st.number_input("Seed", value=0, step=1, **keep("seed"))
    st.caption("Seeds differ by about 0.1 pp: train several before comparing.")
    return {"split": split, "seed": seed}


def _preview(recipe: Recipe) -> None:
    """Some training images as the network will see them; torch is opened when asked for."""
    if not st.toggle("Preview augmentation", **keep("preview")):
        return
    if not download.is_downloaded(home().data):
        st.html(html.caption("MNIST is not downloaded yet (20 MB); the first run downloads it."))
        return
    from mnistlab.data.augment import preview

    images = preview(home().data, recipe.augmentation, recipe.seed)
    st.html(html.grid(list(images), columns=8))
