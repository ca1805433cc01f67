"""What to train: the network, where its recipe comes from, and the run's name and owner."""

import streamlit as st

from mnistlab.arch.presets import PRESETS
from mnistlab.arch.spec import Spec
from mnistlab.ui.classroom.session import session_home
from mnistlab.ui.common import current_network, page
from mnistlab.ui.train import recipe_choice
from mnistlab.ui.train.recipe_choice import AddressProblem, Source

NETWORK, SOURCE = "train_network", "train_recipe_source"
"""The keys of the two controls, which follow the session."""


def show_problem(problem: AddressProblem) -> None:
    """What is wrong with the address, and a button that goes on without it."""
    if not problem.is_error:
        page.show_warning(problem.text)
        return
    page.show_error(f"{problem.text} Nothing is started until you choose.")
    st.button(
        "Ignore the address",
        icon=":material/close:",
        on_click=recipe_choice.discard_address,
        key="ignore_address",
    )


def choose_network() -> str:
    """The control for the current network; its name. A preset that is selected becomes current."""
    spec, own = current_network.current(), current_network.own()
    headings = {preset.name: preset.heading for preset in PRESETS}
    if own:
        headings = {str(own): f"Yours: {own}"} | headings
    preset = current_network.preset_of(spec)
    # Set in every run: the current network is the truth, and the control follows it.
    st.session_state[NETWORK] = preset.name if preset else str(spec)
    st.selectbox(
        "Network",
        list(headings),
        format_func=lambda name: headings.get(name, name),
        width=250,
        key=NETWORK,
        on_change=_open_network,
    )
    return preset.heading if preset else str(spec)


def _open_network() -> None:
    page.run_action(current_network.set_from_text, st.session_state[NETWORK])
    recipe_choice.discard_address()


def open_network(spec: Spec) -> None:
    """Make a network current instead of the one in the address."""
    page.run_action(current_network.open_preset, spec)
    recipe_choice.discard_address()


def use_own_recipe() -> None:
    """Return to what a recipe starts from, which in a class is the task's."""
    recipe_choice.select(current_network.current(), Source.OURS)


def choose_source(spec: Spec) -> None:
    """The control for where the recipe comes from."""
    st.session_state[SOURCE] = str(recipe_choice.selected(spec))
    st.segmented_control(
        "Recipe",
        [str(source) for source in recipe_choice.offered(spec)],
        format_func=lambda value: recipe_choice.source_label(Source(value)),
        required=True,
        key=SOURCE,
        on_change=_select_source,
        args=(spec,),
        help=" ".join(
            f"{recipe_choice.source_label(one)}: {recipe_choice.source_help(one)}"
            for one in recipe_choice.offered(spec)
        ),
    )


def _select_source(spec: Spec) -> None:
    recipe_choice.select(spec, Source(st.session_state[SOURCE]))


def choose_names(network: str) -> tuple[str, str]:
    """The controls for the run's name and its owner, who in a class is whoever starts it."""
    name = st.text_input(
        "Run name", placeholder=network, width=190, key="train_name", persist_state="session"
    )
    if session_home().is_class:
        return name or network, ""
    owner = st.text_input(
        "Owner", placeholder="optional", width=120, key="train_owner", persist_state="session"
    )
    return name or network, owner
