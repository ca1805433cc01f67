"""What the recipe's controls share: each shows a field, and a change makes the recipe one's own."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from mnistlab.arch.spec import Spec
from mnistlab.choice import Choice
from mnistlab.classroom.task import CONTROL_OF_SETTING
from mnistlab.ui.classroom.session_task import locked
from mnistlab.ui.train import recipe_choice

ToField = Callable[[Any], object]
"""Converts what a control shows to the recipe's value."""


def control(
    spec: Spec, name: str, to_field: ToField = lambda shown: shown, to_shown: ToField | None = None
) -> dict[str, Any]:
    """The arguments of a control: it shows the selected recipe's field, and changes it."""
    value = recipe_choice.values(spec)[name]
    key = f"recipe_{name}"
    # Set in every run: the recipe is the truth, and the control follows it.
    st.session_state[key] = to_shown(value) if to_shown else value
    return {
        "key": key,
        "on_change": change,
        "args": (spec, name, to_field),
        "disabled": CONTROL_OF_SETTING[name] in locked(),
    }


def change(spec: Spec, name: str, to_field: ToField) -> None:
    recipe_choice.change(spec, name, to_field(st.session_state[f"recipe_{name}"]))


def off_at_0(spec: Spec, name: str) -> dict[str, Any]:
    """The arguments of a control that shows None as 0."""
    return control(spec, name, lambda shown: shown or None, lambda value: value or 0)


def select(spec: Spec, label: str, name: str, kind: type[Choice]) -> None:
    """A control for an enum: its members by their labels, and the help of the selected one."""
    selected = st.selectbox(
        label,
        [str(member) for member in kind],
        format_func=lambda value: kind(value).label,
        **control(spec, name),
    )
    st.caption(kind(selected).help)  # type: ignore[attr-defined]
