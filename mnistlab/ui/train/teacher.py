"""The teacher that a training learns from, how much it counts, and what it has seen before."""

from functools import partial

import streamlit as st

from mnistlab.arch.spec import Spec
from mnistlab.errors import LabError
from mnistlab.recipe.recipe import MAX_DISTILLATION_TEMPERATURE, Recipe
from mnistlab.training.sources import caveat
from mnistlab.ui.classroom.session import session_home
from mnistlab.ui.common import checkpoints, html
from mnistlab.ui.common.stable_select import select_one
from mnistlab.ui.train import recipe_choice
from mnistlab.ui.train.controls import change, control
from mnistlab.worker.source_search import FINISHED, checkpoint_source, find_source

KEY = "recipe_teacher"
"""Where the session keeps the selected teacher, as the recipe calls it."""
HELP = (
    "Knowledge distillation: the network (student) also learns from the probabilities of a trained "
    "network (teacher), which gets the same augmented images."
)


def show(spec: Spec) -> None:
    """The control for the teacher; with one, those for its weight and its temperature."""
    selected = str(recipe_choice.values(spec)["teacher"])
    st.session_state[KEY] = selected
    on_change = partial(change, spec, "teacher", str)
    select_one("Learn from", _options(selected), KEY, on_change=on_change, help=HELP)
    if not selected:
        return
    left, right = st.columns(2)
    left.number_input(
        "Soft label weight",
        step=0.1,
        format="%.2f",
        help="Fraction of the loss that is the Kullback-Leibler divergence from the teacher's "
        "probabilities, the soft labels; the rest is the cross-entropy with the labels. The "
        "training loss is this sum, the validation loss the cross-entropy alone.",
        **control(spec, "soft_label_weight"),
    )
    right.number_input(
        "Distillation temperature",
        step=1.0,
        format="%g",
        help="Both networks' logits are divided by it (1 to "
        f"{MAX_DISTILLATION_TEMPERATURE:g}). Higher: softer labels, which show the digits that "
        "look alike to the teacher.",
        **control(spec, "distillation_temperature"),
    )


def _options(selected: str) -> dict[str, str]:
    """The pretrained checkpoints and the finished runs, by what a recipe calls them.

    The selected one is there also if it is only a copy, or no longer in the lab.
    """
    options = {"": "None"}
    for choice in checkpoints.find(session_home(), states=FINISHED).choices.values():
        try:
            options.setdefault(checkpoint_source(choice.path).short, str(choice))
        except LabError:
            continue  # damaged, which Draw says, or too large for a teacher
    if selected not in options:
        try:
            options[selected] = f"{find_source(session_home(), selected)} · copy"
        except LabError:
            options[selected] = f"{selected} · missing"
    return options


def show_name(recipe: Recipe) -> None:
    """Who the recipe's teacher is, and what that means for the accuracies; nothing without one."""
    if not recipe.teacher:
        return
    try:
        teacher = find_source(session_home(), recipe.teacher)
        text = f"Learns from {teacher}. {caveat(teacher.split, recipe.split)}"
    except LabError as error:
        text = str(error)
    st.html(html.caption(text))
