"""What a training builds on: the weights that it starts from, the teacher that it learns from."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from mnistlab.arch.spec import Spec
from mnistlab.arch.tensors import tensor_shapes
from mnistlab.errors import LabError
from mnistlab.recipe.recipe import MAX_DISTILLATION_TEMPERATURE, Recipe
from mnistlab.training.record import SourceNetwork
from mnistlab.training.sources import caveat
from mnistlab.ui.classroom.session import session_home
from mnistlab.ui.common import checkpoints, html
from mnistlab.ui.common.stable_select import select_one
from mnistlab.ui.train import recipe_choice
from mnistlab.ui.train.controls import change, control
from mnistlab.worker.source_search import FINISHED, checkpoint_source, find_source

TEACHER, INITIAL = "recipe_teacher", "recipe_initial"
"""Where the session keeps the selected sources, as the recipe calls them."""
TEACHER_HELP = (
    "Knowledge distillation: the network (student) also learns from the probabilities of a trained "
    "network (teacher), which gets the same augmented images."
)
INITIAL_HELP = (
    "Fine-tuning: the training goes on from the weights of the same network, trained before. "
    "Lower the learning rate, for example to a third."
)


def show(spec: Spec) -> None:
    """The controls for the initial weights and for the teacher, each with its settings."""
    _show_initial(spec)
    _show_teacher(spec)


def _show_initial(spec: Spec) -> None:
    shapes = tensor_shapes(spec)
    if not _select(
        spec,
        "Start from",
        "Random weights",
        lambda source: tensor_shapes(source.spec) == shapes,
        help=INITIAL_HELP,
        key=INITIAL,
        name="initial",
    ):
        return
    st.number_input(
        "Interpolation",
        step=0.1,
        format="%.2f",
        help="How far the last epoch's weights are from the initial to the trained ones, from 0 to "
        "1. In between, a network often keeps what it could before. A run that stops earlier keeps "
        "the trained ones.",
        **control(spec, "interpolation"),
    )


def _show_teacher(spec: Spec) -> None:
    if not _select(
        spec, "Learn from", "None", lambda _: True, help=TEACHER_HELP, key=TEACHER, name="teacher"
    ):
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


def _select(
    spec: Spec,
    label: str,
    none: str,
    fits: Callable[[SourceNetwork], bool],
    *,
    help: str,
    key: str,
    name: str,
) -> str:
    """The control for a source; what the recipe calls the selected one, empty for none."""
    selected = str(recipe_choice.values(spec)[name])
    st.session_state[key] = selected
    options = {"": none} | _options(selected, fits)
    select_one(label, options, key, on_change=partial(change, spec, name, str), help=help)
    return selected


def _options(selected: str, fits: Callable[[SourceNetwork], bool]) -> dict[str, str]:
    """The pretrained checkpoints and the finished runs that fit, by what a recipe calls them.

    The selected one is there also if it is only a copy, or no longer in the lab.
    """
    options = dict[str, str]()
    for choice in checkpoints.find(session_home(), states=FINISHED).choices.values():
        try:
            source = checkpoint_source(choice.path)
        except LabError:
            continue  # damaged, which Draw says, or too large for a source
        if fits(source):
            options.setdefault(source.short, str(choice))
    if selected and selected not in options:
        try:
            options[selected] = f"{find_source(session_home(), selected)} · copy"
        except LabError:
            options[selected] = f"{selected} · missing"
    return options


def show_names(recipe: Recipe) -> None:
    """What the recipe builds on, and what that means for the accuracies; nothing without any."""
    for short, verb in ((recipe.initial, "Starts from"), (recipe.teacher, "Learns from")):
        if not short:
            continue
        try:
            source = find_source(session_home(), short)
            text = f"{verb} {source}. {caveat(source.split, recipe.split)}"
        except LabError as error:
            text = str(error)
        st.html(html.caption(text))
