"""What every page begins with: its title, its links, its style."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from mnistlab.charts import base
from mnistlab.errors import LabError
from mnistlab.markup import Markup, escape_markdown, fill
from mnistlab.ui.common import current_network, memory

PAGES = {
    "Home": "app.py",
    "Design": "pages/design.py",
    "Train": "pages/train.py",
    "Runs": "pages/runs.py",
    "Experiments": "pages/experiments.py",
    "Draw": "pages/draw.py",
}
BELOW = {"Run": "Runs", "Compare": "Runs", "Handwriting": "Draw"}
"""Pages that have no link of their own, and the one that leads to them."""
STYLE = Path(__file__).with_name("style.css")


def _query(name: str, here: bool = False) -> dict[str, str] | None:
    """What a link to a page carries: the network, so that an address can be copied and reloaded."""
    if name not in ("Design", "Train"):
        return None
    # On the page itself the text may be newer than the bench, which the page fills further down.
    text = here and (st.session_state.get("net") or st.query_params.get("net"))
    return {"net": text or str(current_network.current())}


def primary_link(name: str, label: str, icon: str) -> None:
    """A link to another page in a button's clothes.

    A real button's `st.switch_page` may not clear an address that a widget is bound to.
    """
    with st.container(key=f"go-{name}", width="content"):
        st.page_link(PAGES[name], label=label, icon=icon, query_params=_query(name))


def run_action(action: Callable[..., object], *values: object) -> None:
    """Do what a button says; `tell_refusal` shows what was refused."""
    try:
        action(*values)
    except (LabError, OSError) as error:
        st.session_state["refused"] = str(error)


def show_action_error() -> None:
    """Show what `attempt` was refused, once; for the top of whatever is drawn after a button."""
    if refused := st.session_state.pop("refused", None):
        show_error(refused)


def show_error(error: LabError | str) -> None:
    """Show what failed as plain text.

    It may quote an address or a foreign file, and Streamlit's messages are Markdown: an image in it
    would make the browser load a stranger's URL.
    """
    st.error(escape_markdown(str(error)), icon=":material/error:")


def show_warning(problem: LabError | str) -> None:
    """Show as plain text what is missing on a page that works without it."""
    st.warning(escape_markdown(str(problem)), icon=":material/warning:")


def setup(name: str, title: str) -> bool:
    """Set the page up and draw its links and title; whether the visitor has just come to it.

    Streamlit runs a page without `app.py` when its address is opened first, so each page calls this
    itself.
    """
    memory.freeze_modules()
    st.set_page_config(page_title=f"{name} · mnistlab", page_icon="🔢", layout="wide")
    st.html(
        fill(
            "<style>:root{{--lab-train:{};--lab-validation:{};--lab-within:{};--lab-over:{}}}"
            "{}</style>",
            base.TRAIN_COLOR,
            base.VALIDATION_COLOR,
            base.WITHIN_BUDGET_COLOR,
            base.OVER_BUDGET_COLOR,
            Markup(STYLE.read_text("utf-8")),  # noqa: S704 (the lab's own file)
        )
    )
    with st.container(horizontal=True, gap="small", key="links"):
        for label, path in PAGES.items():
            here = label == BELOW.get(name, name)
            shown = f"**{label}**" if here else label
            st.page_link(path, label=shown, query_params=_query(label, here))
    st.title(title, anchor=False)
    show_action_error()
    entered = st.session_state.get("page") != name
    st.session_state["page"] = name
    return entered
