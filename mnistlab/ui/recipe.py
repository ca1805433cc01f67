"""The controls for a recipe: every knob with its explanation beside it."""

from dataclasses import replace
from typing import Any

import streamlit as st

from mnistlab.arch.spec import MAX_DROPOUT, Spec
from mnistlab.charts import epochs as charts
from mnistlab.data import files
from mnistlab.data.kinds import Augmentation, Split
from mnistlab.home import home
from mnistlab.training.recipe import Optimiser, Recipe, Schedule
from mnistlab.training.suggest import suggested
from mnistlab.ui import parts, plot

DIGITS = {"all": None, "12,800 (a quick look)": 12_800, "2,560 (a taste)": 2_560}
SCHEDULES = {
    Schedule.CONSTANT: "The same rate from the first step to the last.",
    Schedule.STEP: "A tenth of the rate after half of the run, a hundredth after three quarters.",
    Schedule.PLATEAU: "The article's: halved whenever the best validation accuracy is three epochs "
    "old, that is, once accuracy saturates.",
    Schedule.COSINE: "Along half a cosine from the rate down to nought.",
    Schedule.ONE_CYCLE: "Up from a tenth over the first fifth, then along a cosine to nought. "
    "Bears a higher rate than the others.",
}
AUGMENTATIONS = {
    Augmentation.NONE: "The digits as they are, the same in every epoch.",
    Augmentation.SHIFT: "Each digit moved by up to 2 pixels each way, anew in every epoch.",
    Augmentation.HAND: "For drawings: turned by up to 15°, stretched by 15 %, slanted by up to "
    "0.3, bent, and with a thinner or thicker pen, anew in every epoch.",
    Augmentation.AFFINE: "Each digit turned by up to 10°, stretched and slanted by up to a tenth, "
    "and moved by up to 2 pixels, anew in every epoch.",
}
SPLITS = {
    Split.STRICT: "50,000 digits train, 10,000 others choose the best epoch, and the test images "
    "are read once, at the end: an honest figure.",
    Split.ARTICLE: "60,000 digits train and the test images choose the best epoch, as in the "
    "article: its figure is optimistic, because it was chosen on the images it is read from.",
    Split.ALL: "For a recipe that is settled: all 60,000 digits train, the last epoch is kept, and "
    "the test images are read once, with it. It validates on digits that it trained on, which says "
    "only that it learns.",
}
OPTIMISERS = {
    Optimiser.SGD: "Gradient descent with Nesterov momentum 0.9; likes a rate near 0.1 with batch "
    "norm, 0.02 without.",
    Optimiser.ADAM: "AdamW: a rate of its own for each weight; likes a rate near 0.003.",
}


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
    start = suggested(spec)
    with st.container(border=True):
        length, rate, regular, data = st.tabs(["Length", "Learning rate", "Overfitting", "Data"])
        with length:
            values = _length(start)
        with rate:
            values |= _rate(start)
        with regular:
            spec, more = _regularise(spec, start)
            values |= more
        with data:
            values |= _data()
        recipe = Recipe(**values)
        with rate:
            figure = charts.learning_rate(recipe)
            plot.chart(figure, "planned_rate")
        with regular:
            _preview(recipe)
    return spec, recipe


def _length(start: Recipe) -> dict[str, Any]:
    one, two = st.columns(2)
    epochs = one.number_input("Epochs", value=start.epochs, step=1, **keep("epochs", start.epochs))
    batch = two.number_input(
        "Batch size", value=start.batch_size, step=32, **keep("batch", start.batch_size)
    )
    st.caption(
        "An epoch shows every training digit once. A larger batch takes fewer, surer steps; the "
        "article ends with a larger, but not extreme one."
    )
    digits = st.selectbox("Training digits", DIGITS, **keep("digits"))
    patience = st.number_input(
        "End when the best epoch is this many epochs old",
        value=0,
        min_value=0,
        step=1,
        help="0: never; the run goes through all its epochs.",
        **keep("patience"),
    )
    goal = st.number_input(
        "End at this validation accuracy, in per cent",
        value=0.0,
        min_value=0.0,
        max_value=100.0,
        step=0.05,
        format="%.2f",
        help="0: never. The article's aim is 99.40.",
        **keep("goal"),
    )
    return {
        "epochs": epochs,
        "batch_size": batch,
        "subset": DIGITS[digits],
        "patience": patience or None,
        "goal": round(goal / 100, 6) or None,
    }


def _rate(start: Recipe) -> dict[str, Any]:
    one, two = st.columns(2)
    rate = one.number_input(
        "Learning rate",
        value=start.learning_rate,
        step=0.01,
        format="%g",
        help="The schedule's highest.",
        **keep("rate", start.learning_rate),
    )
    optimiser = two.selectbox("Optimiser", list(Optimiser), **keep("optimiser"))
    st.caption(OPTIMISERS[optimiser])
    schedule = st.selectbox(
        "Schedule",
        list(Schedule),
        index=list(Schedule).index(start.schedule),
        **keep("schedule"),
    )
    st.caption(SCHEDULES[schedule])
    return {"learning_rate": rate, "optimiser": optimiser, "schedule": schedule}


def _regularise(spec: Spec, start: Recipe) -> tuple[Spec, dict[str, Any]]:
    one, two = st.columns(2)
    dropout = one.number_input(
        "Dropout",
        value=spec.dropout,
        min_value=0.0,
        max_value=MAX_DROPOUT,
        step=0.01,
        format="%.2f",
        **keep("dropout", spec),
    )
    decay = two.number_input(
        "Weight decay",
        value=start.weight_decay,
        step=0.0001,
        format="%g",
        **keep("decay", start.weight_decay),
    )
    st.caption(
        "Dropout blanks this share of each 3×3 convolution's outputs while it trains. Weight decay "
        "pulls the kernels towards nought a little at every step."
    )
    one, two = st.columns(2)
    smoothing = one.number_input(
        "Label smoothing",
        value=start.label_smoothing,
        min_value=0.0,
        max_value=0.9,
        step=0.01,
        format="%.2f",
        help="This share of what the network is to answer is spread evenly over the ten digits, so "
        "that it need not be surer than it can be. The training loss then never reaches nought.",
        **keep("smoothing", start.label_smoothing),
    )
    augmentation = two.selectbox(
        "Augmentation",
        list(Augmentation),
        index=list(Augmentation).index(start.augmentation),
        **keep("augmentation"),
    )
    st.caption(AUGMENTATIONS[augmentation])
    return replace(spec, dropout=round(dropout, 4)), {
        "weight_decay": decay,
        "label_smoothing": smoothing,
        "augmentation": augmentation,
    }


def _data() -> dict[str, Any]:
    split = st.segmented_control(
        "Split", list(Split), default=Split.STRICT, required=True, **keep("split")
    )
    st.caption(SPLITS[split])
    seed = st.number_input("Seed", value=0, step=1, **keep("seed"))
    st.caption(
        "The seed fixes the first weights, the order of the digits and every other chance. Two "
        "seeds differ by about 0.1 points: train several before you believe a difference."
    )
    return {"split": split, "seed": seed}


def _preview(recipe: Recipe) -> None:
    """Sixteen training digits as the network will see them; torch is opened when asked for."""
    if not st.toggle("Show sixteen augmented digits", **keep("preview")):
        return
    if not files.present(home().data):
        st.html(parts.note("MNIST is not here yet; it is fetched when the first run begins."))
        return
    from mnistlab.data.augment import preview

    images = preview(home().data, recipe.augmentation, recipe.seed)
    st.html(parts.grid(list(images), columns=8))
