"""The start of every page: title, navigation links, errors of actions."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import ParamSpec

import streamlit as st

from mnistlab.errors import LabError
from mnistlab.home import default_home
from mnistlab.markup import plain_markdown
from mnistlab.ui.classroom import identity
from mnistlab.ui.common import current_network, memory

PAGES = {
    "Home": "app.py",
    "Design": "pages/design.py",
    "Train": "pages/train.py",
    "Runs": "pages/runs.py",
    "Experiments": "pages/experiments.py",
    "Draw": "pages/draw.py",
}
CLASS_PAGES = {"Class": "pages/class.py"}
"""The navigation's links to pages that only a class has."""
PARENTS = {"Run": "Runs", "Compare": "Runs", "Handwriting": "Draw"}
"""Pages without a navigation link, and the page that links to them."""
BOUND = {
    *(
        "length",
        "net",
        "number",
        "search",
        "seeds",
        "sort",
        "split",
        "tab",
        "target",
        "variant",
        "view",
    ),
    "why",
}
"""The keys of the widgets that are bound to the address. Another key in an address may be that of a
button, whose value must not be set."""
Arguments = ParamSpec("Arguments")


def _query(name: str, is_current: bool = False) -> dict[str, str] | None:
    """A link's query parameters: the network, so that an address can be copied and reloaded."""
    if name not in ("Design", "Train"):
        return None
    # On the page itself the text field may be newer than the current network, which is set later.
    text = is_current and (st.session_state.get("net") or st.query_params.get("net"))
    return {"net": text or str(current_network.current())}


def primary_link(name: str, label: str, icon: str) -> None:
    """A link to another page that looks like a primary button.

    A button with `st.switch_page` would not clear query parameters that a widget is bound to.
    """
    with st.container(key=f"go-{name}", width="content"):
        st.page_link(PAGES[name], label=label, icon=icon, query_params=_query(name))


def run_action(
    action: Callable[Arguments, object], *args: Arguments.args, **kwargs: Arguments.kwargs
) -> None:
    """Run a button's action; its result is ignored, its error shown on the next run.

    Not for somebody who is no longer in the class, which the page says then.
    """
    if identity.has_left():
        return
    try:
        action(*args, **kwargs)
    except (LabError, OSError) as error:
        st.session_state["action_error"] = str(error)


def fragment(
    run_every: float | None = None,
) -> Callable[[Callable[Arguments, None]], Callable[Arguments, None]]:
    """As `st.fragment`, for a part of a page that is drawn again without the page.

    For somebody who is no longer in the class the whole page is drawn, which says so.
    """

    def decorate(draw: Callable[Arguments, None]) -> Callable[Arguments, None]:
        @st.fragment(run_every=run_every)
        @wraps(draw)
        def checked(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
            if identity.has_left():
                st.rerun()
            draw(*args, **kwargs)

        return checked

    return decorate


def show_action_error() -> None:
    """Show the error of `run_action` once; call it above the content that a button changes."""
    if error := st.session_state.pop("action_error", None):
        show_error(error)


def show_tabs(contents: Mapping[str, Callable[[], None]]) -> None:
    """Tabs, of which only the open one is drawn; the address names it, so that a link can open one.

    `contents` has the function that draws each tab, by its label.
    """
    tabs = st.tabs(list(contents), key="tab", on_change="rerun", bind="query-params")
    for tab, draw in zip(tabs, contents.values(), strict=True):
        if tab.open:
            with tab:
                draw()


def show_error(error: LabError | str) -> None:
    """Show what failed as plain text.

    It may quote an address or a foreign file, and Streamlit's messages are Markdown: an image in it
    would make the browser load a stranger's URL.
    """
    st.error(plain_markdown(str(error)), icon=":material/error:")


def show_warning(problem: LabError | str) -> None:
    """Show as plain text what is missing on a page that works without it."""
    st.warning(plain_markdown(str(problem)), icon=":material/warning:")


def setup(name: str, title: str) -> bool:
    """Set up the page and draw its links and title; whether the user has just opened it.

    Streamlit runs a page without `app.py` if its address is opened directly, so each page calls
    this itself.
    """
    memory.freeze_modules()
    _resend_values_of_the_address()
    browser_title = title if name in PARENTS else name
    st.set_page_config(page_title=f"{browser_title} · mnistlab", page_icon="🔢", layout="wide")
    with st.container(horizontal=True, gap="small", key="links"):
        for label, path in _linked_pages().items():
            is_current = label == PARENTS.get(name, name)
            text = f"**{label}**" if is_current else label
            st.page_link(path, label=text, query_params=_query(label, is_current))
        identity.show()
    st.title(plain_markdown(title), anchor=False)
    show_action_error()
    is_new = st.session_state.get("page") != name
    st.session_state["page"] = name
    return is_new


def _linked_pages() -> dict[str, str]:
    return PAGES | (CLASS_PAGES if default_home().is_class else {})


def _resend_values_of_the_address() -> None:
    """Send the value of each widget that is bound to the address once more.

    Streamlit sends a value that it took from the address in one run only; if that run is
    interrupted, the browser may miss it, and would then show the widget's default. A value that the
    user has changed since is the browser's own and is not sent back.
    """
    state = st.session_state
    for key in BOUND:
        text, value = st.query_params.get(key), state.get(key)
        if text is not None and text.casefold() == str(getattr(value, "label", value)).casefold():
            state[key] = value
